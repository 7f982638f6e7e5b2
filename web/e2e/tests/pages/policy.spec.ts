/** Each page is served with its policy of `infra/web.yaml`, and does not violate the policy. */

import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { parse } from "yaml";
import { ko as app } from "../../../app/text/ko.js";
import { ko as desk } from "../../../desk/text/ko.js";
import { addPicture } from "../../support/people.js";
import { expect, test } from "../../support/test.js";

const TEMPLATE = new URL("../../../../infra/web.yaml", import.meta.url);
// The parser does not know CloudFormation's tags and would warn about each one.
const { Resources } = parse(readFileSync(TEMPLATE, "utf8"), { logLevel: "error" });

/** Returns the policy that the template declares for a kind of page. */
const declared = (name: "PageHeaders" | "DocumentHeaders" | "PictureHeaders"): string =>
  Resources[name].Properties.ResponseHeadersPolicyConfig.SecurityHeadersConfig.ContentSecurityPolicy
    .ContentSecurityPolicy;

const open = async (page: Page, path: string): Promise<string | undefined> => {
  const response = await page.goto(path);
  expect(response?.status(), path).toBe(200);
  return response?.headers()["content-security-policy"];
};

for (const [path, heading] of [
  ["/", app.directory.title],
  ["/rooms/7", app.logIn],
  ["/nowhere/", app.notFound.title],
  ["/desk", desk.login.title],
  ["/desk/rooms/7", desk.login.title],
] as const) {
  test(`the page ${path} has the policy of pages and does not violate it`, async ({ page }) => {
    expect(await open(page, path)).toBe(declared("PageHeaders"));
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(heading);
  });
}

test("the API's document has its policy and does not violate it", async ({ page }) => {
  expect(await open(page, "/api/docs")).toBe(declared("DocumentHeaders"));
  await expect(page.getByRole("heading", { name: "ChatChat" }).first()).toBeVisible();
});

test("a picture loads in a page and is sandboxed if it is opened directly", async ({
  page,
  people,
  problems,
}) => {
  const { chat } = await people.customer();
  const url = await addPicture(chat);
  expect(url).toMatch(/^\/pictures\//);

  await page.goto("/");
  const width = await page.evaluate(async (src) => {
    const picture = new Image();
    picture.src = src;
    await picture.decode();
    return picture.naturalWidth;
  }, url);
  expect(width).toBeGreaterThan(0);
  expect(problems).toEqual([]);

  expect(await open(page, url)).toBe(declared("PictureHeaders"));
  expect(await page.evaluate(() => window.origin)).toBe("null");
  // Chromium's picture viewer has a style and a script, which the sandbox blocks.
  problems.length = 0;
});

test("the policy of pages is enforced, with trusted types", async ({ page, problems }) => {
  await page.goto("/");
  const html = () => page.evaluate("document.body.innerHTML = '<p>text</p>'");
  await expect(html).rejects.toThrow("This document requires 'TrustedHTML' assignment");
  const elsewhere = () => page.evaluate("fetch('http://other.localhost:1/')");
  await expect(elsewhere).rejects.toThrow("Failed to fetch");
  const forbidden = () => problems.filter((problem) => problem.includes(" forbids "));
  await expect
    .poll(forbidden)
    .toEqual([
      "require-trusted-types-for forbids trusted-types-sink",
      "connect-src forbids http://other.localhost:1/",
    ]);
  problems.length = 0;
});
