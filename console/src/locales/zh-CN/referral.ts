// Texts of referral: they come with the first of its pages.

import referral from "./referral.json";

export default { referral };
