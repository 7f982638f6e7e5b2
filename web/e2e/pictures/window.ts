/** Windows in which pictures are taken: a phone with the customers' app, and a desktop with the desk. */

import { writeFile } from "node:fs/promises";
import { type Browser, expect, type Page } from "@playwright/test";

const file = (name: string): URL => new URL(`../../../docs/pictures/${name}`, import.meta.url);

/** The zone in which it is about three in the afternoon: a shop does not answer at night. */
const afternoon = (): string => {
  const hours = 15 - new Date().getUTCHours();
  // The sign in these names is the opposite of the usual one.
  return `Etc/GMT${hours > 0 ? "-" : "+"}${Math.abs(hours)}`;
};

const KOREAN = { locale: "ko-KR", timezoneId: afternoon(), colorScheme: "light" } as const;

export const phone = (browser: Browser): Promise<Page> =>
  browser.newPage({
    ...KOREAN,
    viewport: { width: 390, height: 780 },
    deviceScaleFactor: 2,
    hasTouch: true,
    isMobile: true,
  });

export const desktop = (browser: Browser): Promise<Page> =>
  browser.newPage({ ...KOREAN, viewport: { width: 1280, height: 780 }, deviceScaleFactor: 1.5 });

/**
 * Changes the height of the window so that the room, which is at its end, shows no part of a message
 * at its upper edge.
 */
export const showWholeMessages = async (page: Page): Promise<void> => {
  const change = await page.getByRole("log").evaluate((log) => {
    const edge = log.getBoundingClientRect().top;
    const rows = [...log.querySelectorAll("li")].map((row) => row.getBoundingClientRect());
    const { top, bottom } = rows.find((row) => row.bottom > edge) ?? { top: edge, bottom: edge };
    const [hidden, shown] = [edge - top, bottom - edge];
    if (hidden <= 0) return 0;
    return Math.round(hidden < shown ? hidden : -shown);
  });
  const { width, height } = page.viewportSize()!;
  await page.setViewportSize({ width, height: height + change });
};

/** The same picture as a WebP file, which is a third as large. */
const webp = async (browser: Browser, png: Buffer): Promise<Buffer> => {
  const page = await browser.newPage();
  const bytes = await page.evaluate(
    async (source) => {
      const picture = await createImageBitmap(await (await fetch(source)).blob());
      const canvas = new OffscreenCanvas(picture.width, picture.height);
      canvas.getContext("2d")?.drawImage(picture, 0, 0);
      const blob = await canvas.convertToBlob({ type: "image/webp", quality: 0.85 });
      return [...new Uint8Array(await blob.arrayBuffer())];
    },
    `data:image/png;base64,${png.toString("base64")}`,
  );
  await page.close();
  return Buffer.from(bytes);
};

/** Takes the picture `docs/pictures/<name>.webp` once the page is complete and nothing moves. */
export const take = async (page: Page, name: string): Promise<void> => {
  const { pathname } = new URL(page.url());
  await expect(page.locator("[aria-busy=true], .skeleton"), pathname).toHaveCount(0);
  await page.evaluate(async () => {
    await document.fonts.ready;
    await Promise.all([...document.images].map((image) => image.decode()));
    await Promise.all(document.getAnimations().map((animation) => animation.finished));
  });
  const browser = page.context().browser();
  if (!browser) throw new Error("The page has no browser.");
  await writeFile(file(`${name}.webp`), await webp(browser, await page.screenshot()));
};
