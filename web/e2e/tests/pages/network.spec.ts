/** The network goes and comes back: nothing is lost, nothing comes twice, and the page tells the user. */

import type { Page } from "@playwright/test";
import { best, figure } from "../../support/figures.js";
import { enter, history, typed, until, withdraw } from "../../support/people.js";
import { RoomPage } from "../../support/room.js";
import { expect, type Network, test } from "../../support/test.js";

/** Takes a page's network away: connections end, and the browser notices. */
const leave = async (page: Page, network: Network): Promise<void> => {
  network.cut();
  await page.context().setOffline(true);
};

const comeBack = async (page: Page, network: Network): Promise<void> => {
  network.restore();
  await page.context().setOffline(false);
};

/** Sets a mark that a reload removes. */
const mark = (page: Page): Promise<void> =>
  page.evaluate(() => void Reflect.set(window, "mark", 1));
const isSamePage = (page: Page): Promise<boolean> =>
  page.evaluate(() => Reflect.has(window, "mark"));

const numbered = (what: string, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `${what} ${n + 1}`);

test("ten seconds without network lose and repeat nothing", async ({ people, open, network }) => {
  const { customer, company, roomId } = await people.pair();
  const page = await open(customer, `/rooms/${roomId}`, { network });
  const desk = await open(company, `/desk/rooms/${roomId}`);
  const [room, there] = [new RoomPage(page), new RoomPage(desk)];
  await Promise.all([room.isOpen(), there.isOpen()]);
  await Promise.all([mark(page), mark(desk)]);

  const gone = performance.now();
  await leave(page, network);
  await expect(room.bar).toHaveText(room.text.offline, { timeout: 1_000 });
  figure("network: bar after the loss, ms", performance.now() - gone);
  const [asked, answered] = [numbered("질문", 20), numbered("답변", 20)];
  await Promise.all([
    (async () => {
      for (const text of asked) await room.say(text);
    })(),
    (async () => {
      for (const text of answered) await there.say(text);
    })(),
  ]);
  await expect.poll(() => typed(company, roomId)).toEqual(answered);
  await expect.poll(() => performance.now() - gone, { timeout: 20_000 }).toBeGreaterThan(10_000);

  const back = performance.now();
  await comeBack(page, network);
  await expect(room.bar).toHaveText(room.text.reconnected, { timeout: 5_000 });
  await expect(room.bar).toBeEmpty({ timeout: 5_000 });
  figure("network: bar gone after the return, ms", performance.now() - back);

  await expect.poll(async () => (await typed(company, roomId)).length).toBe(40);
  const order = (await history(company, roomId)).filter(({ type }) => type === "general");
  const stored = order.map(({ content }) => content);
  expect(stored.filter((text) => text.startsWith("질문"))).toEqual(asked);
  expect(stored.filter((text) => text.startsWith("답변"))).toEqual(answered);
  for (const side of [room, there]) {
    await expect(side.sending).toHaveCount(0);
    const shown = () =>
      side.log
        .getByText(/^(질문|답변) \d+$/)
        .allTextContents()
        .then((texts) => texts.map((text) => text.trim()));
    await expect.poll(shown).toEqual(stored);
  }
  expect(await isSamePage(page)).toBe(true);
  expect(await isSamePage(desk)).toBe(true);
});

test("25 messages of an absence appear in order without a reload", async ({
  people,
  open,
  network,
}) => {
  const { customer, company, roomId } = await people.pair();
  const page = await open(customer, `/rooms/${roomId}`, { network });
  const room = new RoomPage(page);
  await room.isOpen();
  await mark(page);
  const there = await enter(company, roomId);
  await leave(page, network);
  const texts = numbered("소식", 25);
  for (const text of texts) there.send(text);
  await until("all is stored", () => there.pending.length === 0);
  const back = performance.now();
  await comeBack(page, network);
  const shown = () => room.log.getByText(/^소식 \d+$/).allTextContents();
  await expect.poll(shown, { timeout: 5_000, intervals: [50] }).toEqual(texts);
  figure("network: 25 missed messages shown after the return, ms", performance.now() - back);
  expect(await isSamePage(page)).toBe(true);
});

test("the loss is announced once and goes away by itself", async ({ people, open, network }) => {
  const { customer, roomId } = await people.pair();
  const page = await open(customer, `/rooms/${roomId}`, { network });
  const room = new RoomPage(page);
  await room.isOpen();
  const status = room.bar.locator("xpath=ancestor-or-self::*[@role='status']");
  await expect(status).toHaveCount(1);
  await status.evaluate((element) => {
    const said: string[] = [];
    Reflect.set(window, "said", said);
    new MutationObserver(() => {
      const text = element.textContent?.trim() ?? "";
      if (text && text !== said.at(-1)) said.push(text);
    }).observe(element, { childList: true, characterData: true, subtree: true });
  });
  const top = () => room.log.evaluate((list) => list.getBoundingClientRect().top);
  const before = await top();
  await leave(page, network);
  await expect(room.bar).toHaveText(room.text.offline, { timeout: 1_000 });
  expect(await top()).toBe(before);
  await comeBack(page, network);
  await expect(room.bar).toBeEmpty();
  const said = await page.evaluate(() => Reflect.get(window, "said"));
  expect(said.filter((text: string) => text === room.text.offline)).toHaveLength(1);
  expect(said.filter((text: string) => text === room.text.reconnected)).toHaveLength(1);
});

test("a lost connection shows the bar though the browser is online", async ({
  people,
  open,
  network,
}) => {
  const { customer, roomId } = await people.pair();
  const room = new RoomPage(await open(customer, `/rooms/${roomId}`, { network }));
  await room.isOpen();
  network.cut();
  await expect(room.bar).toHaveText(room.text.reconnecting);
  network.restore();
  await expect(room.bar).toHaveText(room.text.reconnected);
});

test("the composer goes if the company withdrew meanwhile", async ({ people, open, network }) => {
  const { customer, company, roomId } = await people.pair();
  const page = await open(customer, `/rooms/${roomId}`, { network });
  const room = new RoomPage(page);
  await room.say("계세요?");
  await expect.poll(() => typed(company, roomId)).toEqual(["계세요?"]);
  await leave(page, network);
  await expect(room.bar).not.toBeEmpty();
  await withdraw(company);
  await comeBack(page, network);
  await expect(page.getByText(room.text.withdrawn.customer)).toBeVisible();
  await expect(room.composer).toHaveCount(0);
  await expect(room.bubbles("계세요?")).toBeVisible();
});

test("a frozen tab catches up when it runs again", async ({ people, open, network }) => {
  test.setTimeout(120_000);
  const { customer, company, roomId } = await people.pair();
  const page = await open(customer, `/rooms/${roomId}`, { network });
  const room = new RoomPage(page);
  await room.isOpen();
  const there = await enter(company, roomId);
  const cdp = await page.context().newCDPSession(page);
  const all: string[] = [];
  const round = async (): Promise<number> => {
    await cdp.send("Page.setWebLifecycleState", { state: "frozen" });
    network.cut();
    for (let n = 0; n < 20; n++) {
      all.push(`밤 ${all.length + 1}`);
      there.send(all.at(-1)!);
    }
    await until("all is stored", () => there.pending.length === 0);
    network.restore();
    const resumed = performance.now();
    await cdp.send("Page.setWebLifecycleState", { state: "active" });
    const shown = () => room.log.getByText(/^밤 \d+$/).allTextContents();
    await expect.poll(shown, { timeout: 30_000, intervals: [50] }).toEqual(all);
    return performance.now() - resumed;
  };
  // The library lets up to four seconds pass between two attempts.
  const measured = await best(
    round,
    (ms) => ms <= 5_000,
    (ms) => ms,
    3,
  );
  figure("network: caught up after a freeze, ms", measured);
  expect(measured).toBeLessThanOrEqual(5_000);
});

test("a 429 with Retry-After delays the return and loses nothing", async ({
  people,
  open,
  network,
}) => {
  const { customer, company, roomId } = await people.pair();
  const page = await open(customer, `/rooms/${roomId}`, { network });
  const room = new RoomPage(page);
  await room.isOpen();
  await leave(page, network);
  await expect(room.bar).toHaveText(room.text.offline);
  const texts = numbered("질문", 20);
  for (const text of texts) await room.say(text);
  const asked: number[] = [];
  await page.route("**/api/realtime/tickets", async (route) => {
    asked.push(performance.now());
    if (asked.length > 1) return route.continue();
    await route.fulfill({
      status: 429,
      headers: { "retry-after": "3", "content-type": "application/json" },
      json: { code: "too_many_attempts", message: "잠시 후 다시 시도해 주세요.", requestId: "x" },
    });
  });
  await comeBack(page, network);
  await expect.poll(() => typed(company, roomId), { timeout: 30_000 }).toEqual(texts);
  await expect(room.sending).toHaveCount(0);
  expect(asked.length).toBe(2);
  expect(asked[1]! - asked[0]!).toBeGreaterThanOrEqual(3_000);
});
