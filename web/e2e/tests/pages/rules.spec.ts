/** What a path gets: the html of its page, or a file. */

import type { Response } from "@playwright/test";
import { expect, test } from "../test.js";

test("a path without a dot gets the html of its page, never from a cache", async ({ request }) => {
  const html = await (await request.get("/")).text();
  expect(html).toContain("<title>ChatChat</title>");
  for (const path of ["/", "/rooms/7", "/c/3/", "/c/3?q=a.b"]) {
    const page = await request.get(path);
    expect(page.status(), path).toBe(200);
    expect(page.headers(), path).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-cache",
    });
    expect(await page.text(), path).toBe(html);
  }
});

test("files with a hash in their names are compressed and never ask again", async ({ page }) => {
  const assets: Response[] = [];
  page.on("response", (response) => {
    if (response.url().includes("/assets/")) assets.push(response);
  });
  await page.goto("/", { waitUntil: "networkidle" });
  const types = assets.map((asset) => asset.headers()["content-type"]?.split(";")[0]).sort();
  expect(types).toEqual(["text/css", "text/javascript"]);
  for (const asset of assets) {
    expect(asset.headers(), asset.url()).toMatchObject({
      "cache-control": "public, max-age=31536000, immutable",
      "content-encoding": "gzip",
      "x-content-type-options": "nosniff",
    });
  }
});

test("a missing file is an error and not a page", async ({ request }) => {
  for (const path of ["/assets/a.js", "/a.png", "/rooms/7.html", "/pictures/a.png"]) {
    const missing = await request.get(path);
    expect([403, 404], path).toContain(missing.status());
    expect(missing.headers()["content-type"] ?? "", path).not.toContain("html");
    expect(await missing.text(), path).not.toContain("<html");
  }
});
