/** The pages of the login, the profile and the account. They are bundled into one chunk. */

export { LegalPage } from "../ui/legal/legal-page.js";
export { AccountPage } from "./account-page.js";
export { JoinPage, LoginPage } from "./login-pages.js";
export { MePage } from "./me-page.js";
