/** The desk's shortcuts: they never take a letter from a field, and they know places, not letters. */

import type { CDPSession } from "@playwright/test";
import { ko } from "../../../desk/text/ko.js";
import { openRoom, say } from "../../support/people.js";
import { RoomPage } from "../../support/room.js";
import { expect, test } from "../../support/test.js";

/** Presses a key of a Hangul layout that is in use without an input method, as on a phone's keyboard. */
const press = async (cdp: CDPSession, code: string, key: string, modifiers = 0): Promise<void> => {
  const windowsVirtualKeyCode = code.charCodeAt(3);
  for (const type of ["rawKeyDown", "keyUp"] as const) {
    await cdp.send("Input.dispatchKeyEvent", { type, code, key, windowsVirtualKeyCode, modifiers });
  }
};

test("letters move between rooms with the Hangul layout too", async ({ people, open }) => {
  const company = await people.company();
  const rooms: number[] = [];
  for (const name of ["김하늘", "이바다"]) {
    const customer = await people.customer(name);
    rooms.push(await openRoom(customer, company));
    await say(customer, rooms.at(-1)!, `${name}입니다`);
  }
  const page = await open(company, "/desk");
  await expect(page.getByRole("link", { name: /이바다/ })).toBeVisible();
  const cdp = await page.context().newCDPSession(page);
  await press(cdp, "KeyJ", "ㅓ");
  await page.keyboard.press("Enter");
  const room = new RoomPage(page);
  await expect(room.bubbles("이바다입니다")).toBeVisible();
  await press(cdp, "KeyR", "ㄱ");
  await expect(room.composer).toBeFocused();

  // In a field, letters are letters.
  await page.keyboard.type("jkru?/");
  await expect(room.composer).toHaveValue("jkru?/");
  await expect(page).toHaveURL(new RegExp(`/${rooms[1]}$`));
  await page.keyboard.press("Escape");
  await expect(room.composer).not.toBeFocused();
  await press(cdp, "KeyJ", "ㅓ");
  await page.keyboard.press("Enter");
  await expect(room.bubbles("김하늘입니다")).toBeVisible();
  await page.keyboard.press("Control+k");
  await expect(page.getByLabel(ko.inbox.search)).toBeFocused();
});

test("Alt and composing are not shortcuts", async ({ people, open }) => {
  const company = await people.company();
  const customer = await people.customer();
  const roomId = await openRoom(customer, company);
  await say(customer, roomId, "안녕하세요");
  const page = await open(company, "/desk");
  await expect(page.getByRole("link", { name: /김하늘/ })).toBeVisible();
  const cdp = await page.context().newCDPSession(page);
  const ALT = 1;
  for (const [code, key] of [
    ["KeyJ", "j"],
    ["KeyU", "u"],
    ["KeyR", "r"],
  ] as const) {
    await press(cdp, code, key, ALT);
  }
  await page.keyboard.press("Alt+Enter");
  await expect(page).toHaveURL(/\/desk$/);
  await expect(page.getByRole("link", { name: /김하늘/ })).toBeVisible();
});

test("a question mark lists shortcuts, and a switch disables them", async ({ people, open }) => {
  const company = await people.company();
  const page = await open(company, "/desk");
  await expect(page.getByText(ko.inbox.empty)).toBeVisible();
  await page.keyboard.press("Shift+Slash");
  const list = page.getByRole("dialog", { name: ko.shortcuts.title });
  await expect(list).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(list).toHaveCount(0);

  await page.goto("/desk/settings");
  await page.getByRole("switch", { name: ko.settings.shortcuts }).click();
  await page.goto("/desk");
  await expect(page.getByText(ko.inbox.empty)).toBeVisible();
  await page.keyboard.press("Shift+Slash");
  await page.keyboard.press("Control+k");
  await expect(page.getByLabel(ko.inbox.search)).not.toBeFocused();
  await expect(list).toHaveCount(0);
});
