/** A customer and a company talk, each in a browser. */

import { typed } from "../../support/people.js";
import { RoomPage } from "../../support/room.js";
import { expect, test } from "../../support/test.js";

test("texts arrive as they were typed, in both directions", async ({ people, open }) => {
  const { customer, company, roomId } = await people.pair();
  const [room, desk] = [
    new RoomPage(await open(customer, `/rooms/${roomId}`)),
    new RoomPage(await open(company, `/desk/rooms/${roomId}`)),
  ];
  const texts = [
    "안녕하세요",
    "가족 👨‍👩‍👧‍👦 하트 ❤️",
    "첫째 줄\n\n  셋째 줄은 띄어 썼어요",
    "<script>alert(1)</script> <b>굵게</b> &amp;",
    "가나다라마바사아자차".repeat(200),
    "Ⅻ ㎏ ﷽ e\u0301",
  ];
  for (const [from, to] of [
    [room, desk],
    [desk, room],
  ] as const) {
    for (const text of texts) {
      const before = await to.bubbles(text.normalize()).count();
      await from.say(text);
      await expect(to.bubbles(text.normalize())).toHaveCount(before + 1);
    }
  }
  expect(await typed(customer, roomId)).toEqual(
    [...texts, ...texts].map((text) => text.normalize()),
  );
  for (const side of [room, desk]) {
    await expect(side.log.locator("script, b")).toHaveCount(0);
    await expect(side.bubbles(texts[2]!).first()).toHaveCSS("white-space", /pre-wrap|break-spaces/);
  }
});

test("only HTTP and HTTPS URLs become links", async ({ people, open }) => {
  const { customer, company, roomId } = await people.pair();
  const [room, desk] = [
    new RoomPage(await open(customer, `/rooms/${roomId}`)),
    new RoomPage(await open(company, `/desk/rooms/${roomId}`)),
  ];
  await room.say(
    "지도는 https://example.com/map?a=1&b=2#c, (http://example.com/빵집). javascript:alert(1) data:text/html,x ftp://example.com",
  );
  const links = desk.log.getByRole("link");
  await expect(links).toHaveCount(2);
  await expect(links.nth(0)).toHaveAttribute("href", "https://example.com/map?a=1&b=2#c");
  await expect(links.nth(1)).toHaveText("http://example.com/빵집");
  for (const link of await links.all()) {
    await expect(link).toHaveAttribute("target", "_blank");
    await expect(link).toHaveAttribute("rel", "noopener noreferrer nofollow ugc");
  }
});

test("2,001 characters are kept in the box and not sent", async ({ people, open }) => {
  const { customer, roomId } = await people.pair();
  const page = await open(customer, `/rooms/${roomId}`);
  const room = new RoomPage(page);
  // An emoji is one character and two units of UTF-16.
  const long = "😀".repeat(2_001);
  await room.say(long);
  await expect(page.getByText(room.text.tooLong)).toBeVisible();
  await expect(room.composer).toHaveValue(long);
  await expect(room.send).toHaveAttribute("aria-disabled", "true");
  // Without `force`, Playwright does not click a disabled button.
  await room.send.click({ force: true });
  await expect(page.getByText(room.text.tooLong)).toBeFocused();
  expect(await typed(customer, roomId)).toEqual([]);
  await room.composer.press("Control+End");
  await room.composer.press("Backspace");
  await room.composer.press("Enter");
  await expect(room.composer).toHaveValue("");
  await expect.poll(() => typed(customer, roomId)).toEqual(["😀".repeat(2_000)]);
});

test("the Send button sends a text, but not a blank one", async ({ people, open }) => {
  const { customer, roomId } = await people.pair();
  const room = new RoomPage(await open(customer, `/rooms/${roomId}`));
  await room.composer.fill(" \n ");
  await expect(room.send).toBeDisabled();
  await room.composer.press("Enter");
  await room.composer.fill("보내요");
  await room.send.click();
  await expect.poll(() => typed(customer, roomId)).toEqual(["보내요"]);
  await expect(room.composer).toBeFocused();
});
