/** Opening and closing rooms leaves nothing behind. */

import { best, figure } from "../../support/figures.js";
import { held } from "../../support/measure.js";
import { openRoom, say } from "../../support/people.js";
import { RoomPage } from "../../support/room.js";
import { expect, test } from "../../support/test.js";

test("50 rooms opened and closed leave nothing behind", async ({ people, open }) => {
  test.setTimeout(120_000);
  const company = await people.company();
  for (const name of ["김하늘", "이바다"]) {
    const customer = await people.customer(name);
    await say(customer, await openRoom(customer, company), `${name}입니다`);
  }
  let sockets = 0;
  const page = await open(company, "/desk", {
    before: async (page) => {
      page.on("websocket", (socket) => {
        sockets++;
        socket.on("close", () => sockets--);
      });
    },
  });
  const room = new RoomPage(page);
  const cdp = await page.context().newCDPSession(page);
  const visit = async (times: number): Promise<void> => {
    for (let n = 0; n < times; n++) {
      const name = n % 2 ? "이바다" : "김하늘";
      await page.getByRole("link", { name: new RegExp(name) }).click();
      await expect(room.bubbles(`${name}입니다`)).toBeVisible();
    }
    await page.getByRole("navigation").getByRole("link").nth(1).click();
    await expect(room.log).toHaveCount(0);
    await page.getByRole("navigation").getByRole("link").nth(0).click();
    await expect(page.getByRole("link", { name: /김하늘/ })).toBeVisible();
  };
  // The first visits fill caches.
  await visit(10);
  const grown = async () => {
    const before = await held(cdp);
    await visit(50);
    const after = await held(cdp);
    return {
      heap: after.heap - before.heap,
      listeners: Math.abs(after.listeners - before.listeners),
      nodes: after.nodes - before.nodes,
    };
  };
  // What a load under way holds differs from round to round; a leak grows in each.
  const measured = await best(
    grown,
    ({ heap, listeners, nodes }) => heap <= 1_000_000 && listeners <= 2 && nodes <= 20,
    ({ listeners }) => listeners,
    3,
  );
  figure("50 rooms: heap growth, MB", measured.heap / 1_000_000);
  figure("50 rooms: difference in listeners", measured.listeners);
  expect(sockets).toBe(1);
  expect(measured.listeners).toBeLessThanOrEqual(2);
  expect(measured.heap).toBeLessThanOrEqual(1_000_000);
  expect(measured.nodes).toBeLessThanOrEqual(20);
});
