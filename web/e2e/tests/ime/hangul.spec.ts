/** Korean typed with a real input method: one Enter sends one whole message. */

import { expect } from "@playwright/test";
import { test } from "../../support/input-method.js";
import { typed } from "../../support/people.js";
import { RoomPage } from "../../support/room.js";

/** The keys of 안녕하세요, 예약 and so on, on a Korean keyboard with two sets. */
const HELLO = [..."dkssudgktpdy"];
const RESERVATION = [..."dPdir"];
const TEXT = [..."rmf"];
const LINE = [..."wnf"];

test.use({ viewport: { width: 1000, height: 700 } });

test("one Enter sends 안녕하세요 once and empties the box", async ({ display, people, open }) => {
  const { customer, roomId } = await people.pair();
  const room = new RoomPage(await open(customer, `/rooms/${roomId}`));
  await display.focus(room.composer);
  await display.press([...HELLO, "Return"]);
  await expect(room.bubbles("안녕하세요")).toHaveCount(1);
  await expect(room.composer).toHaveValue("");
  await expect.poll(() => typed(customer, roomId)).toEqual(["안녕하세요"]);
});

test("ten messages at 25 ms a key arrive once and whole", async ({ display, people, open }) => {
  const { customer, roomId } = await people.pair();
  const room = new RoomPage(await open(customer, `/rooms/${roomId}`));
  await display.focus(room.composer);
  await display.press(Array.from({ length: 10 }, () => [...RESERVATION, "Return"]).flat());
  const ten = Array.from({ length: 10 }, () => "예약");
  await expect.poll(() => typed(customer, roomId)).toEqual(ten);
  await expect(room.bubbles("예약")).toHaveCount(10);
  await expect(room.composer).toHaveValue("");
  await expect(room.sending).toHaveCount(0);
  // Nothing more is under way.
  await display.press([...TEXT, "Return"]);
  await expect.poll(() => typed(customer, roomId)).toEqual([...ten, "글"]);
});

test("Shift+Enter in the middle of a syllable adds a line", async ({ display, people, open }) => {
  const { customer, roomId } = await people.pair();
  const room = new RoomPage(await open(customer, `/rooms/${roomId}`));
  await display.focus(room.composer);
  await display.press([...TEXT, "shift+Return", ...LINE]);
  await expect(room.composer).toHaveValue("글\n줄");
  expect(await typed(customer, roomId)).toEqual([]);
  await display.press(["Return"]);
  await expect.poll(() => typed(customer, roomId)).toEqual(["글\n줄"]);
  await expect(room.composer).toHaveValue("");
});
