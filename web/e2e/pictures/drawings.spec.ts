/** PNG files of the drawings, and the icons of the apps: `npm run drawings` in `web`. */

import { readFile, writeFile } from "node:fs/promises";
import { type Page, test } from "@playwright/test";

const file = (name: string): URL => new URL(`../../${name}`, import.meta.url);

/** Renders a drawing in `web` as a square PNG file; `size` is its width in pixels. */
const png = async (page: Page, drawing: string, size: number): Promise<Buffer> => {
  await page.setViewportSize({ width: size, height: size });
  const style = "body { margin: 0 } svg { display: block; width: 100vw; height: 100vh }";
  await page.setContent(`<style>${style}</style>${await readFile(file(drawing), "utf8")}`);
  return page.screenshot({ omitBackground: true });
};

/** An icon file that has one PNG file in it. */
const ico = (content: Buffer, size: number): Buffer => {
  const head = Buffer.alloc(22);
  head.writeUInt16LE(1, 2); // an icon
  head.writeUInt16LE(1, 4); // of one picture
  head.writeUInt8(size, 6);
  head.writeUInt8(size, 7);
  head.writeUInt16LE(1, 10); // colour planes
  head.writeUInt16LE(32, 12); // bits a pixel
  head.writeUInt32LE(content.length, 14);
  head.writeUInt32LE(head.length, 18);
  return Buffer.concat([head, content]);
};

test("profile pictures of the example and of docs/first-conversation.md", async ({ page }) => {
  for (const name of ["bakery", "clinic", "flower", "dawn", "cat", "mountains"]) {
    const picture = await png(page, `drawings/${name}.svg`, 256);
    await writeFile(file(`drawings/${name}.png`), picture);
  }
});

test("icons of the installed apps", async ({ page }) => {
  for (const [name, size] of [
    ["icon-192.png", 192],
    ["icon-512.png", 512],
    ["apple-touch-icon.png", 180],
  ] as const) {
    await writeFile(file(`public/${name}`), await png(page, "drawings/app-icon.svg", size));
  }
});

test("the icon that browsers request with a response that is not a page", async ({ page }) => {
  const size = 32;
  await writeFile(file("public/favicon.ico"), ico(await png(page, "public/icon.svg", size), size));
});
