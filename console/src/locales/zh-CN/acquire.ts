// Texts of acquisition: they come with the first of its pages.
import acquire from "./acquire.json";

export default { acquire };
