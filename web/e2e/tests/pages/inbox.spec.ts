/** The desk's list: its filters, its search, and the rooms that it omits. */

import { ko } from "../../../desk/text/ko.js";
import {
  addFaq,
  enter,
  openRoom,
  type People,
  type Person,
  say,
  until,
} from "../../support/people.js";
import { RoomPage } from "../../support/room.js";
import { expect, test } from "../../support/test.js";

const words = ko.inbox;

/** Creates customers who each send one message, one after another. */
const customersOf = async (people: People, company: Person, names: readonly string[]) => {
  const rooms: { customer: Person; roomId: number }[] = [];
  for (const name of names) {
    const customer = await people.customer(name);
    const roomId = await openRoom(customer, company);
    await say(customer, roomId, `${name}입니다`);
    rooms.push({ customer, roomId });
  }
  return rooms;
};

test("the name search and the unread filter search all pages", async ({ people, open }) => {
  const company = await people.company();
  const names = ["맨먼저", ...Array.from({ length: 24 }, (_, n) => `손님${n + 1}`)];
  const rooms = await customersOf(people, company, names);
  const reader = company.chat;
  reader.connect();
  for (const { roomId } of rooms.slice(1)) {
    const room = reader.room(roomId);
    await room.ready();
    await until("it is connected", () => reader.connection === "open");
    room.markRead();
    room.close();
  }
  await expect.poll(async () => (await reader.call("GET /company/chatrooms")).unreadTotal).toBe(1);
  const page = await open(company, "/desk");
  const row = (name: string) => page.getByRole("link", { name: new RegExp(`${name}(?!\\d)`) });
  await expect(row("손님24")).toBeVisible();
  // The oldest room is not on the first page.
  await expect(row("맨먼저")).toHaveCount(0);
  await page.getByLabel(words.search).fill("맨먼");
  await expect(row("맨먼저")).toBeVisible();
  await expect(row("손님24")).toHaveCount(0);
  await page.getByLabel(words.search).fill("없는이름");
  await expect(page.getByText(words.noMatch("없는이름"))).toBeVisible();
  await page.getByLabel(words.search).fill("");
  await expect(row("손님24")).toBeVisible();
  await page.getByText(words.unread, { exact: true }).click();
  await expect(row("맨먼저")).toBeVisible();
  await expect(row("손님24")).toHaveCount(0);
});

test("a new message for a read room appears in the unread filter", async ({ people, open }) => {
  const company = await people.company();
  const [one] = await customersOf(people, company, ["김하늘", "이바다"]);
  if (!one) throw new Error("There is no customer.");
  const mine = await enter(company, one.roomId);
  mine.markRead();
  await expect
    .poll(async () => (await company.chat.call("GET /company/chatrooms")).unreadTotal)
    .toBe(1);
  const page = await open(company, "/desk");
  await page.getByText(words.unread, { exact: true }).click();
  const row = (name: string) => page.getByRole("link", { name: new RegExp(name) });
  await expect(row("이바다")).toBeVisible();
  await expect(row("김하늘")).toHaveCount(0);
  await say(one.customer, one.roomId, "하나 더 여쭤볼게요");
  await expect(row("김하늘")).toBeVisible();

  // Reading removes the room from the filtered list only after the user leaves it.
  await row("김하늘").click();
  await expect(new RoomPage(page).bubbles("하나 더 여쭤볼게요")).toBeVisible();
  const there = await enter(one.customer, one.roomId);
  await until("it is read", () => there.receiverReadSeq === there.lastSeq);
  await expect(row("김하늘")).toBeVisible();
  await row("이바다").click();
  await expect(row("김하늘")).toHaveCount(0);
});

test("a room without a typed message is not in the desk", async ({ people, open }) => {
  const { customer, company, roomId } = await people.pair();
  await addFaq(company, { "주차되나요?": "건물 뒤에 두 대 자리가 있어요." });
  const desk = await open(company, "/desk");
  await expect(desk.getByText(words.empty)).toBeVisible();
  const page = await open(customer, `/rooms/${roomId}`);
  await page.getByRole("button", { name: "주차되나요?" }).click();
  await expect(new RoomPage(page).bubbles("건물 뒤에 두 대 자리가 있어요.")).toBeVisible();
  await desk.reload();
  await expect(desk.getByText(words.empty)).toBeVisible();
  await new RoomPage(page).say("안녕하세요");
  await expect(desk.getByRole("link", { name: /김하늘/ })).toBeVisible();
});
