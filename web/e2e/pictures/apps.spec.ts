/** The two pictures at the top of README.md, with the accounts of `cargo xtask up --example`. */

import { type Page, test } from "@playwright/test";
import { desktop, phone, showWholeMessages, take } from "./window.js";

const logIn = async (page: Page, path: string, username: string): Promise<void> => {
  await page.goto(path);
  await page.getByLabel("아이디").fill(username);
  await page.getByLabel("비밀번호", { exact: true }).fill("haneul-2026");
  await page.getByRole("button", { name: "로그인" }).click();
};

test("the customers' app on a phone", async ({ browser }) => {
  const page = await phone(browser);
  await logIn(page, "/login", "seoyeon");
  await page.getByRole("link", { name: /하늘 빵집/ }).click();
  await page.getByText("괜찮아요. 저녁 7시까지").waitFor();
  await showWholeMessages(page);
  await take(page, "customer");
});

test("the companies' desk on a desktop", async ({ browser }) => {
  const page = await desktop(browser);
  await logIn(page, "/desk/login", "bakery");
  await page.getByRole("button", { name: "괜찮아요" }).click();
  await page.getByRole("link", { name: /이서연/ }).click();
  await page.getByText("괜찮아요. 저녁 7시까지").waitFor();
  await showWholeMessages(page);
  await take(page, "desk");
});
