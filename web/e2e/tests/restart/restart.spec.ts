/** The local cloud restarts during a conversation. */

import { once } from "node:events";
import { connect } from "node:net";
import type { Page } from "@playwright/test";
import { history } from "../../support/people.js";
import { RoomPage } from "../../support/room.js";
import { expect, test } from "../../support/test.js";

/**
 * Restarts the cloud. `tests/browser.rs` restarts it when this connects, and then closes the
 * connection.
 */
const restart = async (): Promise<void> => {
  const request = connect(Number(process.env.RESTART_PORT), "127.0.0.1");
  request.resume();
  await once(request, "close");
};

test("a restart of the cloud neither loses nor doubles messages", async ({ people, open }) => {
  test.skip(!process.env.RESTART_PORT, "only `cargo xtask test` can restart the cloud");
  test.setTimeout(120_000);
  const { customer, company, roomId } = await people.pair();
  const connections = new Map<Page, number>();
  const before = async (page: Page): Promise<void> => {
    page.on("websocket", () => connections.set(page, (connections.get(page) ?? 0) + 1));
  };
  const page = await open(customer, `/rooms/${roomId}`, { before });
  const desk = await open(company, `/desk/rooms/${roomId}`, { before });
  const [room, there] = [new RoomPage(page), new RoomPage(desk)];
  await Promise.all([room.isOpen(), there.isOpen()]);
  await expect.poll(() => [...connections.values()]).toEqual([1, 1]);
  const restarted = restart();
  for (let n = 1; n <= 20; n++) {
    await room.say(`질문 ${n}`);
    await there.say(`답변 ${n}`);
  }
  await restarted;
  await expect
    .poll(() => Math.min(...connections.values()), { timeout: 60_000 })
    .toBeGreaterThan(1);
  for (const side of [room, there]) {
    await expect(side.sending).toHaveCount(0, { timeout: 60_000 });
    await expect(side.bar).toBeEmpty();
  }
  const stored = (await history(company, roomId)).filter(({ type }) => type === "general");
  const texts = stored.map(({ content }) => content);
  const by = (what: string) => texts.filter((text) => text.startsWith(what));
  expect(by("질문")).toEqual(Array.from({ length: 20 }, (_, n) => `질문 ${n + 1}`));
  expect(by("답변")).toEqual(Array.from({ length: 20 }, (_, n) => `답변 ${n + 1}`));
  for (const side of [room, there]) {
    const shown = () => side.log.getByText(/^(질문|답변) \d+$/).allTextContents();
    await expect.poll(shown).toEqual(texts);
  }
});
