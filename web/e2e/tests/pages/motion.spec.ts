/** What a user has asked of all pages: less motion. */

import { say } from "../../support/people.js";
import { RoomPage } from "../../support/room.js";
import { expect, test } from "../../support/test.js";

/** The longest of the durations that elements have, in seconds. */
const longest = (page: import("@playwright/test").Page): Promise<number> =>
  page.evaluate(() => {
    const seconds = (list: string): number[] =>
      list
        .split(",")
        .map((time) => Number.parseFloat(time) * (time.trim().endsWith("ms") ? 0.001 : 1));
    const durations = [...document.querySelectorAll("*")].flatMap((element) =>
      [undefined, "::before", "::after"].flatMap((pseudo) => {
        const style = getComputedStyle(element, pseudo);
        return [
          ...seconds(style.transitionDuration),
          ...(style.animationName === "none" ? [] : seconds(style.animationDuration)),
        ];
      }),
    );
    return Math.max(...durations);
  });

for (const [reducedMotion, most] of [
  ["reduce", 0.001],
  ["no-preference", 0.18],
] as const) {
  test(`motion takes at most ${most} s with ${reducedMotion}`, async ({ people, open }) => {
    const { customer, company, roomId } = await people.pair();
    await say(customer, roomId, "안녕하세요");
    for (const [person, path] of [
      [customer, `/rooms/${roomId}`],
      [customer, "/me"],
      [company, `/desk/rooms/${roomId}`],
      [company, "/desk/settings"],
    ] as const) {
      const page = await open(person, path, { context: { reducedMotion } });
      await expect(page.getByRole("heading", { level: 1 })).toBeAttached();
      if (path.includes("rooms")) await new RoomPage(page).isOpen();
      expect(await longest(page), path).toBeLessThanOrEqual(most);
    }
  });
}
