/** Read marks and the typing line. */

import { enter, say, until } from "../../support/people.js";
import { RoomPage } from "../../support/room.js";
import { expect, test } from "../../support/test.js";

test("the typing line ends with the message or after 4 s", async ({ people, open }) => {
  const { customer, company, roomId } = await people.pair();
  const room = new RoomPage(await open(customer, `/rooms/${roomId}`));
  await room.isOpen();
  const there = await enter(company, roomId);
  const top = () => room.composer.evaluate((box) => box.getBoundingClientRect().top);
  const before = await top();
  there.typing();
  await expect(room.typing).toBeVisible();
  expect(await top()).toBe(before);
  there.send("네, 있어요");
  await expect(room.bubbles("네, 있어요")).toBeVisible();
  await expect(room.typing).toHaveCount(0, { timeout: 300 });

  // One frame is sent in 3 seconds, whatever happens.
  await expect(async () => {
    there.typing();
    await expect(room.typing).toBeVisible({ timeout: 500 });
  }).toPass();
  const shown = performance.now();
  await expect(room.typing).toHaveCount(0, { timeout: 6_000 });
  expect(performance.now() - shown).toBeLessThan(4_500);
});

test("typing sends at most one frame in 3 s, focus and mouse none", async ({ people, open }) => {
  const { customer, roomId } = await people.pair();
  const frames: number[] = [];
  const page = await open(customer, `/rooms/${roomId}`, {
    before: async (page) => {
      page.on("websocket", (socket) => {
        socket.on("framesent", ({ payload }) => {
          if (JSON.parse(String(payload)).action === "typing") frames.push(performance.now());
        });
      });
    },
  });
  const room = new RoomPage(page);
  await room.isOpen();
  await room.composer.click();
  await room.composer.hover();
  await page.mouse.move(10, 10);
  await page.keyboard.press("Tab");
  await room.composer.focus();
  const started = performance.now();
  await page.keyboard.press("ArrowLeft");
  expect(frames).toEqual([]);
  while (performance.now() - started < 4_000) await page.keyboard.type("가나다라", { delay: 60 });
  expect(frames.length).toBeGreaterThan(0);
  expect(frames.length).toBeLessThanOrEqual(2);
  for (const [n, at] of frames.entries()) {
    if (n > 0) expect(at - frames[n - 1]!).toBeGreaterThan(2_800);
  }
});

test("the read mark appears when the other side has seen it", async ({ people, open }) => {
  const { customer, company, roomId } = await people.pair();
  const room = new RoomPage(await open(customer, `/rooms/${roomId}`));
  await room.say("몇 시까지 하세요?");
  await expect(room.bubbles("몇 시까지 하세요?")).toBeVisible();
  await expect(room.sending).toHaveCount(0);
  await expect(room.log.getByText(room.text.read, { exact: true })).toHaveCount(0);
  await open(company, `/desk/rooms/${roomId}`);
  await expect(room.log.getByText(room.text.read, { exact: true })).toHaveCount(1);
});

test("a hidden tab does not mark messages as read", async ({ people, open }) => {
  const { customer, company, roomId } = await people.pair();
  const there = await enter(company, roomId);
  const page = await open(customer, `/rooms/${roomId}`);
  const room = new RoomPage(page);
  await room.isOpen();
  await page.evaluate(() => {
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "hidden" });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await say(company, roomId, "보이세요?");
  await expect(room.bubbles("보이세요?")).toBeVisible();
  expect(there.receiverReadSeq).toBeLessThan(there.lastSeq);
  await page.evaluate(() => {
    Reflect.deleteProperty(document, "visibilityState");
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await until("it is read", () => there.receiverReadSeq === there.lastSeq);
});
