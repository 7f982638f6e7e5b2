/** The page in each of its states, as axe judges it: in both languages, schemes and widths. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import type axe from "axe-core";
import { en, ko } from "../../app/src/texts.js";
import { Login, signUp } from "../accounts.js";
import { expect, test } from "../test.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Expects that the page as it is has no violation, and that it fits into the window. */
const isAccessible = async (page: Page, state: string): Promise<void> => {
  await page.evaluate(AXE);
  const found = await page.evaluate(async (runOnly) => {
    const axeOfPage: typeof axe = Reflect.get(window, "axe");
    const { violations, passes, inapplicable } = await axeOfPage.run({ runOnly });
    const places = ({ id, nodes }: axe.Result) => [id, ...nodes.map(({ html }) => html)];
    const judged = [...passes, ...inapplicable].map(({ id }) => id);
    return { violations: violations.map(places), judged };
  }, TAGS);
  expect(found.violations, state).toEqual([]);
  expect(found.judged, state).toEqual(
    expect.arrayContaining(["color-contrast", "region", "target-size"]),
  );
  const overflow = () => document.documentElement.scrollWidth - window.innerWidth;
  expect(await page.evaluate(overflow), state).toBeLessThanOrEqual(0);
};

for (const [locale, texts] of [
  ["ko-KR", ko],
  ["en-US", en],
] as const) {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [390, 1280]) {
      test.describe(`in ${locale}, ${colorScheme}, at ${width} px`, () => {
        test.use({ locale, colorScheme, viewport: { width, height: 844 } });

        test("axe finds no violation in any state", async ({ page, context, request }) => {
          const customer = new Login(page, "customer", texts);
          const company = new Login(page, "company", texts);
          const account = await signUp(request, "customer");
          const background = () => getComputedStyle(document.documentElement).backgroundColor;

          let answer = (): void => {};
          const answered = new Promise<void>((resolve) => {
            answer = resolve;
          });
          await page.route("**/api/*/token", async (route) => {
            await answered;
            await route.continue();
          });
          await page.goto("/");
          await expect(page.locator("html")).toHaveAttribute("lang", locale.slice(0, 2));
          expect(await page.evaluate(background)).toBe(
            colorScheme === "dark" ? "rgb(21, 23, 28)" : "rgb(255, 255, 255)",
          );
          await expect(customer.status).toHaveText(texts.unknown);
          await isAccessible(page, "loading");
          answer();

          await customer.isLoggedOut();
          await company.isLoggedOut();
          await isAccessible(page, "logged out");

          await customer.logIn({ ...account, password: "wrong-2026" });
          await expect(customer.alert).not.toBeEmpty();
          await isAccessible(page, "refused");

          await customer.logIn(account);
          await company.logIn(await signUp(request, "company"));
          await customer.isLoggedIn();
          await company.isLoggedIn();
          await isAccessible(page, "logged in");

          await context.setOffline(true);
          await expect(customer.status).toContainText(texts.offline);
          await isAccessible(page, "offline");
          await context.setOffline(false);

          await context.request.delete("/api/customer/session");
          await expect(customer.status).toHaveText(texts.expired);
          await isAccessible(page, "expired");
        });
      });
    }
  }
}
