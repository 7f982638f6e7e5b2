/** The pages around the account, which are one chunk. */

export { AccountPage } from "./account-page.js";
export { JoinPage, LoginPage } from "./login-pages.js";
export { MePage } from "./me-page.js";
