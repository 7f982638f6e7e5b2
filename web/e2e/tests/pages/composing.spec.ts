/** Enter while an input method composes, with the event orders of other operating systems. */

import type { CDPSession, Page } from "@playwright/test";
import { typed } from "../../support/people.js";
import { RoomPage } from "../../support/room.js";
import { expect, test } from "../../support/test.js";

/** Composes a text, like an input method that underlines the text until it is complete. */
const compose = async (cdp: CDPSession, text: string): Promise<void> => {
  const key = { key: "Process", code: "KeyA", windowsVirtualKeyCode: 229 };
  await cdp.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...key });
  const selection = { selectionStart: text.length, selectionEnd: text.length };
  await cdp.send("Input.imeSetComposition", { text, ...selection });
  await cdp.send("Input.dispatchKeyEvent", { type: "keyUp", ...key });
};

const keyboardOf = (page: Page): Promise<CDPSession> => page.context().newCDPSession(page);

test("an Enter that only ends a composition sends nothing", async ({ people, open }) => {
  const { customer, roomId } = await people.pair();
  const page = await open(customer, `/rooms/${roomId}`);
  const room = new RoomPage(page);
  await room.composer.click();
  const cdp = await keyboardOf(page);
  await compose(cdp, "にほん");
  const enter = { key: "Enter", code: "Enter", windowsVirtualKeyCode: 229 };
  await cdp.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...enter });
  await cdp.send("Input.insertText", { text: "日本" });
  await cdp.send("Input.dispatchKeyEvent", { type: "keyUp", ...enter });
  await expect(room.composer).toHaveValue("日本");

  await room.composer.press("Enter");
  await expect.poll(() => typed(customer, roomId)).toEqual(["日本"]);
  await expect(room.composer).toHaveValue("");
});

test("one Enter sends in the order of events of macOS", async ({ people, open }) => {
  const { customer, roomId } = await people.pair();
  const page = await open(customer, `/rooms/${roomId}`);
  const room = new RoomPage(page);
  await room.composer.click();
  const cdp = await keyboardOf(page);
  for (const text of ["예약", "문의", "감사"]) {
    await compose(cdp, text);
    // The system ends the composition and inserts the line break; there is no second keydown.
    const enter = { key: "Enter", code: "Enter", windowsVirtualKeyCode: 229 };
    await cdp.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...enter });
    await cdp.send("Input.insertText", { text });
    await cdp.send("Input.dispatchKeyEvent", { type: "char", text: "\r", key: "Enter" });
    await cdp.send("Input.dispatchKeyEvent", { type: "keyUp", ...enter });
    await expect(room.composer).toHaveValue("");
  }
  await expect.poll(() => typed(customer, roomId)).toEqual(["예약", "문의", "감사"]);
});
