/** The pages besides the inbox, in one chunk. */

export { JoinPage, LoginPage } from "./entrance.js";
export { Faq } from "./faq/faq.js";
export { Profile } from "./profile/profile.js";
export { Settings } from "./settings/settings.js";
export { Start } from "./start.js";
