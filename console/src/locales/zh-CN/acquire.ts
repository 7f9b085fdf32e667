// Texts of acquisition: they come with the first of its pages.
import acquire from "./acquire.json";
import codes from "./codes.json";
import offers from "./offers.json";

export default { acquire, codes, offers };
