/** The login form. */

import { expect, type Page } from "@playwright/test";
import { ko } from "../../ui/text/ko.js";
import { PASSWORD } from "./people.js";

const { fields, logIn } = ko.account;

/** Fills in the login form and submits it. */
export const logInBy = async (
  page: Page,
  { username, password = PASSWORD }: { username: string; password?: string },
): Promise<void> => {
  await page.getByLabel(fields.username, { exact: true }).fill(username);
  await page.getByLabel(fields.password, { exact: true }).fill(password);
  await page.getByRole("button", { name: logIn, exact: true }).click();
};

/** Waits until the page is a login page. */
export const isLoggedOut = (page: Page): Promise<void> =>
  expect(page.getByLabel(fields.password, { exact: true })).toBeVisible();

/** Waits until the navigation is visible, which is shown only after a login. */
export const isLoggedIn = (page: Page): Promise<void> =>
  expect(page.getByRole("navigation")).toBeVisible();
