// Texts of true cost: they come with the first of its pages.
import returns from "./returns.json";

export default { returns };
