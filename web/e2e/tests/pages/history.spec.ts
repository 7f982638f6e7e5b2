/** Reading in a room: what is on the screen stays where it is. */

import { LONG_ROOM, longCustomer, NO_LONG_ROOM } from "../../support/long-room.js";
import { observe, vitals } from "../../support/measure.js";
import { addPicture, enter, say } from "../../support/people.js";
import { placeOf, RoomPage, rests, scrollUp } from "../../support/room.js";
import { expect, test } from "../../support/test.js";

const numbered = (what: string, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `${what} ${n + 1}`);

test("new messages do not move what the user reads", async ({ people, open }) => {
  const { customer, company, roomId } = await people.pair();
  await say(company, roomId, ...numbered("옛 소식", 45));
  const room = new RoomPage(await open(customer, `/rooms/${roomId}`));
  await expect(room.bubbles("옛 소식 45")).toBeInViewport();
  await scrollUp(room, 2);
  const before = await placeOf(room);
  await say(company, roomId, ...numbered("새 소식", 3));
  await expect(room.pill).toHaveText(room.text.newMessages(3));
  const after = await placeOf(room, before.text);
  expect(Math.abs(after.top - before.top)).toBeLessThan(1);
  await room.pill.click();
  await expect(room.bubbles("새 소식 3")).toBeInViewport();
  await expect(room.pill).toHaveCount(0);
});

test("at the end the list stays at the end", async ({ people, open }) => {
  const { customer, company, roomId } = await people.pair();
  await say(company, roomId, ...numbered("옛 소식", 30));
  const room = new RoomPage(await open(customer, `/rooms/${roomId}`));
  await expect(room.bubbles("옛 소식 30")).toBeInViewport();
  await say(company, roomId, ...numbered("새 소식", 3), "여러 줄\n소식\n이에요");
  await expect(room.bubbles("여러 줄\n소식\n이에요")).toBeInViewport({ ratio: 1 });
  await expect(room.pill).toHaveCount(0);
  await scrollUp(room, 2);
  await room.say("제가 쓴 글");
  await expect(room.bubbles("제가 쓴 글")).toBeInViewport({ ratio: 1 });
});

test("older messages load once at the top, without a jump", async ({ open }) => {
  test.skip(!!NO_LONG_ROOM, NO_LONG_ROOM);
  const requests: string[] = [];
  const page = await open(longCustomer, `/rooms/${LONG_ROOM}`, {
    before: async (page) => {
      page.on("request", (request) => {
        if (request.url().includes("before=")) requests.push(request.url());
      });
    },
  });
  const room = new RoomPage(page);
  await expect(room.rows.last()).toBeInViewport();
  await rests(room);
  const style = await room.scroller.evaluate((list) => {
    const { overflowAnchor, overscrollBehaviorY } = getComputedStyle(list);
    return { overflowAnchor, overscrollBehaviorY };
  });
  // Without the browser's own anchoring, as in Safari; and without the rubber band's.
  expect(style).toEqual({ overflowAnchor: "none", overscrollBehaviorY: "contain" });

  const height = () => room.scroller.evaluate((list) => list.scrollHeight);
  for (let visit = 1; visit <= 3; visit++) {
    const asked = requests.length;
    const before = await height();
    await page.route("**/messages?*before=*", async (route) => {
      // The user rests at the top until the answer comes.
      await rests(room);
      await page.evaluate(() => Reflect.set(window, "arrives", true));
      await route.continue();
    });
    await room.scroller.evaluate((list) => {
      list.scrollTop = 0;
    });
    await expect.poll(() => requests.length).toBe(asked + 1);
    const place = await placeOf(room);
    await expect.poll(height).toBeGreaterThan(before);
    await rests(room);
    const after = await placeOf(room, place.text);
    expect(Math.abs(after.top - place.top), place.text).toBeLessThan(1);
    expect(requests.length).toBe(asked + 1);
    await page.unroute("**/messages?*before=*");
  }
});

test("pictures and skeletons shift nothing in a room", async ({ people, open }) => {
  const { customer, company, roomId } = await people.pair();
  await addPicture(company.chat);
  await say(company, roomId, ...numbered("소식", 30));
  const page = await open(customer, `/rooms/${roomId}`, {
    before: async (page) => {
      await observe(page);
      await page.route("**/pictures/**", async (route) => {
        await expect(page.getByRole("log")).toContainText("소식 30");
        await route.continue();
      });
      await page.route(
        "**/chatrooms/*",
        async (route) => {
          await expect(page.locator(".skeleton-bubble")).toBeVisible();
          await route.continue();
        },
        { times: 1 },
      );
    },
  });
  const room = new RoomPage(page);
  await expect(room.bubbles("소식 30")).toBeInViewport();
  await expect
    .poll(() =>
      page
        .locator("img")
        .evaluateAll((all) => all.map((one) => (one as HTMLImageElement).naturalWidth)),
    )
    .toContain(8);
  await enter(company, roomId);
  const { cls, shifted } = await vitals(page);
  expect({ cls, shifted }).toEqual({ cls: 0, shifted: [] });
});
