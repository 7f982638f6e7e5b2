/** A phone: a touch screen, and an on-screen keyboard whose Enter key adds a line. */

import { say, typed } from "../../support/people.js";
import { RoomPage } from "../../support/room.js";
import { expect, test } from "../../support/test.js";

const PHONE = {
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
};

for (const role of ["customer", "company"] as const) {
  test(`the on-screen keyboard does not cover the room: ${role}`, async ({ people, open }) => {
    const pair = await people.pair();
    const { customer, roomId } = pair;
    await say(customer, roomId, ...Array.from({ length: 20 }, (_, n) => `소식 ${n + 1}`));
    const path = role === "customer" ? `/rooms/${roomId}` : `/desk/rooms/${roomId}`;
    const page = await open(pair[role], path, { context: PHONE });
    const room = new RoomPage(page);
    await expect(room.bubbles("소식 20")).toBeInViewport({ ratio: 1 });
    // If the font is smaller than 16 px, iOS zooms in when the text box gets the focus.
    const size = await room.composer.evaluate((box) =>
      Number.parseFloat(getComputedStyle(box).fontSize),
    );
    expect(size).toBeGreaterThanOrEqual(16);

    const bottom = () =>
      page.locator("form.composer").evaluate((form) => form.getBoundingClientRect().bottom);
    await room.composer.tap();
    await page.setViewportSize({ width: 390, height: 844 - 350 });
    await expect.poll(async () => Math.abs((await bottom()) - (844 - 350))).toBeLessThanOrEqual(1);
    await expect(room.bubbles("소식 20")).toBeInViewport({ ratio: 1 });
    await expect(room.composer).toBeInViewport({ ratio: 1 });
  });
}

test("Enter adds a line on a touch screen, and the button sends", async ({ people, open }) => {
  const { customer, roomId } = await people.pair();
  const page = await open(customer, `/rooms/${roomId}`, { context: PHONE });
  const room = new RoomPage(page);
  await room.composer.tap();
  await page.keyboard.type("첫째 줄");
  await page.keyboard.press("Enter");
  await page.keyboard.type("둘째 줄");
  await expect(room.composer).toHaveValue("첫째 줄\n둘째 줄");
  expect(await typed(customer, roomId)).toEqual([]);
  await room.send.tap();
  await expect.poll(() => typed(customer, roomId)).toEqual(["첫째 줄\n둘째 줄"]);
  await expect(room.composer).toHaveAttribute("enterkeyhint", "enter");
});

test("touch targets are at least 44 pixels high", async ({ people, open }) => {
  const { customer, roomId } = await people.pair();
  for (const path of ["/", "/login", "/rooms", `/rooms/${roomId}`, "/me"]) {
    const page = await open(path === "/login" ? undefined : customer, path, { context: PHONE });
    await expect(page.getByRole("main")).toBeVisible();
    await page.waitForLoadState("networkidle");
    const small = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>("button, a[href], summary, input, textarea")]
        .filter(
          (element) =>
            element.checkVisibility() && !element.closest(".visually-hidden, .skip-link"),
        )
        // The touch target of a hidden radio button is its label.
        .map((element) => (element.matches(".visually-hidden") ? element.parentElement! : element))
        .filter((element) => element.getBoundingClientRect().height < 43.5)
        .map(
          (element) =>
            `${element.outerHTML.slice(0, 120)} ${element.getBoundingClientRect().height}`,
        ),
    );
    expect(small, path).toEqual([]);
    await page.context().close();
  }
});
