import { describe, expect, test } from "vitest";
import { createBurst, noticeOf } from "./notice.js";

const SITUATION = { account: 7, isRoomOnScreen: false, isHidden: false, isQuiet: false };
const CUSTOMERS = { senderId: 12, type: "general" } as const;

describe("a message", () => {
  test("of a customer rings while the page is visible", () => {
    expect(noticeOf(CUSTOMERS, SITUATION)).toEqual({ sound: true, notification: false });
  });

  test("of a customer rings and shows a notification on a hidden page", () => {
    const situation = { ...SITUATION, isHidden: true };
    expect(noticeOf(CUSTOMERS, situation)).toEqual({ sound: true, notification: true });
  });

  test.each([
    ["of the account itself", { senderId: 7, type: "general" } as const, {}],
    ["that the product wrote", { senderId: 12, type: "auto" } as const, {}],
    ["of a room on screen", CUSTOMERS, { isRoomOnScreen: true }],
    ["in quiet hours", CUSTOMERS, { isQuiet: true }],
  ])("%s causes no notice", (_, arrival, changes) => {
    const situation = { ...SITUATION, isHidden: true, ...changes };
    expect(noticeOf(arrival, situation)).toEqual({ sound: false, notification: false });
  });
});

test("a burst of three seconds rings once", () => {
  const burst = createBurst();
  const times = [0, 10, 2_999, 3_000, 4_000, 5_999, 6_000, 20_000];
  expect(times.filter(burst)).toEqual([0, 3_000, 6_000, 20_000]);
});
