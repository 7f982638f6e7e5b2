/** A message is stored once, whatever happens to its acknowledgement. */

import type { WebSocketRoute } from "@playwright/test";
import { enter, typed, until } from "../../support/people.js";
import { RoomPage } from "../../support/room.js";
import { expect, test } from "../../support/test.js";

test("pressing Enter five times on a slow network sends one message", async ({
  people,
  open,
  network,
}) => {
  const { customer, company, roomId } = await people.pair();
  const there = await enter(company, roomId);
  const room = new RoomPage(await open(customer, `/rooms/${roomId}`, { network }));
  await room.isOpen();
  network.delay = 3_000;
  await room.composer.fill("예약할게요");
  for (let n = 0; n < 5; n++) await room.composer.press("Enter");
  await expect(room.composer).toHaveValue("");
  await expect(room.bubbles("예약할게요")).toHaveCount(1);
  await expect(room.sending).toBeVisible();
  await expect(room.sending).toHaveCount(0);
  await expect(room.bubbles("예약할게요")).toHaveCount(1);
  await until("the company has the message", () => there.lastSeq > 1);
  expect(await typed(company, roomId)).toEqual(["예약할게요"]);
});

test("a retry of a stored message does not store it again", async ({ people, open }) => {
  const { customer, roomId } = await people.pair();
  const page = await open(customer, "/");
  // The acknowledgement is lost, and an error arrives instead. The page cannot load the room.
  let isLost = true;
  let isRefused = false;
  let isRetried = false;
  await page.route("**/chatrooms/*", async (route) => {
    if (isRefused && !isRetried) await route.abort();
    else await route.continue();
  });
  await page.routeWebSocket(/\/realtime/, (client: WebSocketRoute) => {
    const server = client.connectToServer();
    server.onMessage((text) => {
      const frame = JSON.parse(String(text));
      if (!isLost || !/^(ack|message)$/.test(frame.type)) return client.send(text);
      if (frame.type !== "ack") return;
      isRefused = true;
      const { clientMessageId } = frame;
      const error = { type: "error", code: "forbidden", message: "거절됐어요", clientMessageId };
      client.send(JSON.stringify(error));
    });
  });
  await page.goto(`/rooms/${roomId}`);
  const room = new RoomPage(page);
  await room.isOpen();
  await room.say("내일 가도 되나요?");
  await expect(room.failed).toBeVisible();
  await expect(page.getByText("거절됐어요")).toBeVisible();
  expect(await typed(customer, roomId)).toEqual(["내일 가도 되나요?"]);
  isLost = false;
  await room.failed.click();
  isRetried = true;
  await expect(room.failed).toHaveCount(0);
  await expect(room.bubbles("내일 가도 되나요?")).toHaveCount(1);
  await expect(room.sending).toHaveCount(0);
  expect(await typed(customer, roomId)).toEqual(["내일 가도 되나요?"]);
});

test("a message is stored once if the server's answer is lost", async ({
  people,
  open,
  network,
}) => {
  const { customer, roomId } = await people.pair();
  const room = new RoomPage(await open(customer, `/rooms/${roomId}`, { network }));
  await room.isOpen();
  network.chooses = (fault) => fault === "after" && network.happened.after === 0;
  await room.say("포장되나요?");
  await expect.poll(() => network.happened.after).toBe(1);
  await expect.poll(() => typed(customer, roomId)).toEqual(["포장되나요?"]);
  await expect(room.sending).toHaveCount(0);
  await expect(room.bubbles("포장되나요?")).toHaveCount(1);
});

test("five unsent messages are sent once after a reload", async ({ people, open, network }) => {
  const { customer, company, roomId } = await people.pair();
  const page = await open(customer, `/rooms/${roomId}`, { network });
  const room = new RoomPage(page);
  await room.isOpen();
  network.cut();
  const five = ["하나", "둘", "셋", "넷", "다섯"];
  for (const text of five) await room.say(text);
  await expect(room.sending).toHaveCount(5);
  expect(await typed(company, roomId)).toEqual([]);
  network.restore();
  await page.reload();
  await expect.poll(() => typed(company, roomId)).toEqual(five);
  for (const text of five) await expect(room.bubbles(text)).toHaveCount(1);
  await expect(room.sending).toHaveCount(0);
});
