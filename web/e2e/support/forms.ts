/** The forms for logins and new accounts, in any language. */

import type { Page } from "@playwright/test";
import { newUsername, PASSWORD } from "./people.js";
import type { Texts } from "./texts.js";

/** Logs in with a username that no account has. */
export const tryLogin = async (page: Page, { ui }: Texts): Promise<void> => {
  await page.getByLabel(ui.account.fields.username, { exact: true }).fill(newUsername());
  await page.getByLabel(ui.account.fields.password, { exact: true }).fill("wrong-2026");
  await page.getByRole("button", { name: ui.account.logIn, exact: true }).last().click();
};

/** Fills the form for new accounts in and sends it. */
export const tryJoin = async (page: Page, { ui }: Texts, username: string): Promise<void> => {
  const { fields } = ui.account;
  await page.locator("input[name=name]").fill("김하늘");
  await page.getByLabel(fields.username, { exact: true }).fill(username);
  await page.getByLabel(fields.password, { exact: true }).fill(PASSWORD);
  await page.getByLabel(fields.confirmPassword, { exact: true }).fill(PASSWORD);
  for (const consent of Object.values(ui.account.consents)) await page.getByLabel(consent).check();
  await page.getByRole("button", { name: ui.account.joinAction }).click();
};
