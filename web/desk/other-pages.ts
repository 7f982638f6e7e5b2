/** The desk's pages except the inbox. They are bundled into one chunk, which is loaded later. */

export { LegalPage } from "../ui/legal/legal-page.js";
export { JoinPage, LoginPage } from "./entrance.js";
export { Faq } from "./faq/faq.js";
export { Profile } from "./profile/profile.js";
export { Settings } from "./settings/settings.js";
export { Start } from "./start.js";
