/** A draft belongs to its account and its room, and survives reloads. */

import { ko } from "../../../ui/text/ko.js";
import { openRoom, PASSWORD, say, typed } from "../../support/people.js";
import { RoomPage } from "../../support/room.js";
import { expect, test } from "../../support/test.js";

const { fields, logIn } = ko.account;

test("a draft in the desk stays in its room", async ({ people, open }) => {
  const company = await people.company();
  const customers = [await people.customer("김하늘"), await people.customer("이바다")] as const;
  const rooms = [
    await openRoom(customers[0], company),
    await openRoom(customers[1], company),
  ] as const;
  await say(customers[0], rooms[0], "가나다");
  await say(customers[1], rooms[1], "라마바");
  const page = await open(company, `/desk/rooms/${rooms[0]}`);
  const room = new RoomPage(page);
  await room.composer.fill("하늘님께 쓰던 글");
  await page.getByRole("link", { name: /이바다/ }).click();
  await expect(page).toHaveURL(/\/desk\/rooms\/\d+$/);
  await expect(room.bubbles("라마바")).toBeVisible();
  await expect(room.composer).toHaveValue("");
  await room.say("바다님께 답장");
  await expect.poll(() => typed(company, rooms[1])).toEqual(["라마바", "바다님께 답장"]);
  await page.getByRole("link", { name: /김하늘/ }).click();
  await expect(room.composer).toHaveValue("하늘님께 쓰던 글");
  expect(await typed(company, rooms[0])).toEqual(["가나다"]);
});

test("a draft survives a reload and leaves with its message", async ({ people, open }) => {
  const { customer, roomId } = await people.pair();
  const page = await open(customer, `/rooms/${roomId}`);
  const room = new RoomPage(page);
  await room.composer.fill("쓰다 만 글\n둘째 줄");
  const kept = () => page.evaluate(() => JSON.stringify({ ...localStorage }));
  await expect.poll(kept).toContain("쓰다 만 글");
  await page.reload();
  await expect(room.composer).toHaveValue("쓰다 만 글\n둘째 줄");
  await room.composer.press("Enter");
  await expect.poll(() => typed(customer, roomId)).toEqual(["쓰다 만 글\n둘째 줄"]);
  await expect.poll(kept).not.toContain("쓰다 만 글");
  await page.reload();
  await room.isOpen();
  await expect(room.composer).toHaveValue("");
});

test("an expired session keeps the draft and the page", async ({ people, open }) => {
  const { customer, roomId } = await people.pair();
  const page = await open(customer, `/rooms/${roomId}`);
  const room = new RoomPage(page);
  await room.composer.fill("쓰다 만 글");
  await page.context().request.delete("/api/customer/session");
  const dialog = page.getByRole("dialog");
  await expect(dialog).toBeVisible();
  await dialog.getByLabel(fields.username, { exact: true }).fill(customer.username);
  await dialog.getByLabel(fields.password, { exact: true }).fill(PASSWORD);
  await dialog.getByRole("button", { name: logIn, exact: true }).click();
  await expect(dialog).toHaveCount(0);
  await expect(room.composer).toHaveValue("쓰다 만 글");
  await room.composer.press("Enter");
  await expect.poll(() => typed(customer, roomId)).toEqual(["쓰다 만 글"]);
});
