/** What a path gets: the html of its page, or a file. */

import type { Response } from "@playwright/test";
import { expect, test } from "../../support/test.js";

const KINDS = [
  { entry: "/", paths: ["/", "/rooms/7", "/c/3/", "/c/3?q=a.b", "/desks", "/login/desk"] },
  { entry: "/desk", paths: ["/desk", "/desk/", "/desk/rooms/7", "/desk/faq/", "/desk?q=a.b"] },
];

test("a path without a dot gets its app's html, never from a cache", async ({ request }) => {
  const htmls = new Set<string>();
  for (const { entry, paths } of KINDS) {
    const html = await (await request.get(entry)).text();
    expect(html).toContain("<title>ChatChat</title>");
    htmls.add(html);
    for (const path of paths) {
      const page = await request.get(path);
      expect(page.status(), path).toBe(200);
      expect(page.headers(), path).toMatchObject({
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-cache",
      });
      expect(await page.text(), path).toBe(html);
    }
  }
  expect(htmls.size).toBe(2);
});

test("files with a hash are compressed and immutable", async ({ page, request }) => {
  const assets: Response[] = [];
  page.on("response", (response) => {
    if (response.url().includes("/assets/")) assets.push(response);
  });
  await page.goto("/", { waitUntil: "networkidle" });
  await page.goto("/desk", { waitUntil: "networkidle" });
  const types = assets.map((asset) => asset.headers()["content-type"]?.split(";")[0]);
  expect([...new Set(types)].sort()).toEqual(["text/css", "text/javascript"]);
  for (const asset of assets) {
    // CloudFront compresses nothing below 1,000 bytes.
    const isCompressed = (await (await request.get(asset.url())).body()).length >= 1_000;
    expect(asset.headers(), asset.url()).toMatchObject({
      "cache-control": "public, max-age=31536000, immutable",
      ...(isCompressed && { "content-encoding": "gzip" }),
      "x-content-type-options": "nosniff",
    });
  }
});

test("a missing file is an error and not a page", async ({ request }) => {
  for (const path of ["/assets/a.js", "/a.png", "/rooms/7.html", "/desk/a.js", "/pictures/a.png"]) {
    const missing = await request.get(path);
    expect([403, 404], path).toContain(missing.status());
    expect(missing.headers()["content-type"] ?? "", path).not.toContain("html");
    expect(await missing.text(), path).not.toContain("<html");
  }
});
