/** Sounds and notifications of the desk. */

import type { Page } from "@playwright/test";
import { ko } from "../../../desk/text/ko.js";
import { openRoom, say } from "../../support/people.js";
import { RoomPage } from "../../support/room.js";
import { expect, test } from "../../support/test.js";

/** Counts sounds and notifications from the start of the page. */
const listen = async (page: Page): Promise<void> => {
  await page.addInitScript(() => {
    const heard = {
      sounds: 0,
      states: [] as string[],
      shown: [] as { title: string; body: string; tag: string }[],
    };
    Reflect.set(window, "heard", heard);
    // A sound has two tones, so tones within 500 ms count as one sound.
    let last = Number.NEGATIVE_INFINITY;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...when) {
      if (performance.now() - last > 500) heard.sounds++;
      last = performance.now();
      heard.states.push(this.context.state);
      start.apply(this, when);
    };
    class Shown extends EventTarget {
      static permission = "granted";
      static requestPermission = async () => "granted";
      onclick: (() => void) | null = null;
      close() {}
      constructor(title: string, options: NotificationOptions = {}) {
        super();
        heard.shown.push({ title, body: options.body ?? "", tag: options.tag ?? "" });
        Reflect.set(window, "lastShown", this);
      }
    }
    Reflect.set(window, "Notification", Shown);
  });
};

const heard = (page: Page) =>
  page.evaluate(
    () =>
      Reflect.get(window, "heard") as {
        sounds: number;
        states: string[];
        shown: { title: string; body: string; tag: string }[];
      },
  );

const hide = (page: Page, isHidden: boolean) =>
  page.evaluate((isHidden) => {
    if (isHidden) {
      const get = () => "hidden";
      Object.defineProperty(document, "visibilityState", { configurable: true, get });
    } else Reflect.deleteProperty(document, "visibilityState");
    document.dispatchEvent(new Event("visibilitychange"));
  }, isHidden);

test("sounds need a gesture, and a burst makes one sound", async ({ people, open }) => {
  const { customer, company, roomId } = await people.pair();
  const page = await open(company, "/desk", { before: listen });
  // Chromium counts `page.evaluate` as a user gesture, so this uses the debugging protocol.
  const cdp = await page.context().newCDPSession(page);
  const ask = async (expression: string): Promise<unknown> =>
    (await cdp.send("Runtime.evaluate", { expression, returnByValue: true })).result.value;
  const chip = "document.querySelector('.sound-chip')";
  await expect.poll(() => ask(`${chip}?.textContent`)).toBe(ko.notices.soundChip);
  await say(customer, roomId, "계세요?");
  await expect.poll(() => ask("document.title")).toMatch(/^\(1\) /);
  expect(await ask("heard.sounds")).toBe(0);

  const { x, y } = (await ask(`${chip}.getBoundingClientRect().toJSON()`)) as DOMRect;
  await page.mouse.click(x + 5, y + 5);
  await expect.poll(() => ask(`${chip} === null`)).toBe(true);
  const before = (await heard(page)).sounds;
  const started = performance.now();
  await say(customer, roomId, ...Array.from({ length: 10 }, (_, n) => `급해요 ${n}`));
  await expect(page).toHaveTitle(/^\(11\) /);
  // On a slow machine, the messages take longer than one burst of 3 s.
  const bursts = 1 + Math.floor((performance.now() - started) / 3_000);
  const after = await heard(page);
  expect(after.sounds - before).toBeGreaterThanOrEqual(1);
  expect(after.sounds - before).toBeLessThanOrEqual(bursts);
  expect(after.states.at(-1)).toBe("running");
});

test("own messages and those of the room on screen make no sound", async ({ people, open }) => {
  const { customer, company, roomId } = await people.pair();
  await say(customer, roomId, "안녕하세요");
  const page = await open(company, `/desk/rooms/${roomId}`, { before: listen });
  const room = new RoomPage(page);
  await room.composer.click();
  await room.say("네, 안녕하세요");
  await say(customer, roomId, "빵 있나요?");
  await expect(room.bubbles("빵 있나요?")).toBeVisible();
  // Another device of the company.
  await say(company, roomId, "있어요");
  await expect(room.bubbles("있어요")).toBeVisible();
  expect((await heard(page)).sounds).toBe(0);
});

test("a click on a notification opens its room", async ({ people, open }) => {
  const { customer, company, roomId } = await people.pair();
  const page = await open(company, "/desk/faq", { before: listen });
  await page.getByRole("heading", { level: 1 }).click();
  await hide(page, true);
  await say(customer, roomId, "하나", "둘");
  await expect.poll(async () => (await heard(page)).shown.length).toBe(2);
  const { shown } = await heard(page);
  expect(shown.map(({ title, body }) => [title, body])).toEqual([
    ["김하늘", "하나"],
    ["김하늘", "둘"],
  ]);
  expect(new Set(shown.map(({ tag }) => tag)).size).toBe(1);
  expect(shown[0]!.tag).not.toBe("");
  await hide(page, false);
  await page.evaluate(() => {
    const last = Reflect.get(window, "lastShown");
    last.dispatchEvent(new Event("click"));
    last.onclick?.(new Event("click"));
  });
  await expect(page).toHaveURL(new RegExp(`/desk/rooms/${roomId}$`));
});

test("only one of several tabs rings", async ({ people, open }) => {
  const { customer, company } = await people.pair();
  const roomId = await openRoom(customer, company);
  const first = await open(company, "/desk/faq", { before: listen });
  const second = await first.context().newPage();
  await listen(second);
  await second.goto("/desk/profile");
  for (const page of [first, second]) {
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await page.getByRole("heading", { level: 1 }).click();
  }
  await say(customer, roomId, "계세요?");
  for (const page of [first, second]) await expect(page).toHaveTitle(/^\(1\) /);
  const sounds = async () => (await heard(first)).sounds + (await heard(second)).sounds;
  await expect.poll(sounds).toBe(1);
});

test("a page never asks for the permission by itself", async ({ people, open }) => {
  const { customer, company, roomId } = await people.pair();
  await say(customer, roomId, "계세요?");
  const page = await open(company, "/desk", {
    before: async (page) => {
      await listen(page);
      await page.addInitScript(() => {
        const shown: { permission: string; requestPermission: () => Promise<string> } = Reflect.get(
          window,
          "Notification",
        );
        shown.permission = "default";
        shown.requestPermission = async () => {
          Reflect.set(window, "asked", true);
          shown.permission = "granted";
          return "granted";
        };
      });
    },
  });
  const offer = page.getByRole("button", { name: ko.notices.accept });
  await expect(offer).toBeVisible();
  expect(await page.evaluate(() => Reflect.get(window, "asked"))).toBeUndefined();
  await offer.click();
  await expect.poll(() => page.evaluate(() => Reflect.get(window, "asked"))).toBe(true);
  await expect(offer).toHaveCount(0);
});
