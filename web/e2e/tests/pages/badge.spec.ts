/** The number of unread messages: in the list, in the title, and in the icon of the tab. */

import { ko as desk } from "../../../desk/text/ko.js";
import { ko } from "../../../ui/text/ko.js";
import { addFaq, enter, openRoom, say, until } from "../../support/people.js";
import { expect, test } from "../../support/test.js";

test("the badge counts what the other side typed until it is read", async ({ people, open }) => {
  const { customer, company, roomId } = await people.pair();
  await addFaq(company, { "주차되나요?": "네" });
  const { autoReplies } = await company.chat.call("GET /company/auto-replies");
  const body = { chatRoomId: roomId, clientMessageId: crypto.randomUUID() };
  const path = { id: autoReplies[0]!.id };
  await customer.chat.call("POST /auto-replies/{id}", { path, body });
  await say(customer, roomId, "제가 쓴 글");
  await say(company, roomId, "하나", "둘", "셋", "넷");

  const page = await open(customer, "/rooms");
  const row = page.getByRole("link", { name: /새벽빵집/ });
  const badge = (count: number) => row.getByText(ko.roomList.unread(count));
  await expect(badge(4)).toHaveCount(1);
  await expect(page).toHaveTitle(/^\(4\) /);

  // Another device of the same customer reads half of them, then all.
  const there = await enter(customer, roomId);
  there.markRead(there.lastSeq - 2);
  await expect(badge(2)).toHaveCount(1);
  await expect(page).toHaveTitle(/^\(2\) /);
  there.markRead();
  await expect(row.getByText(/안 읽은/)).toHaveCount(0);
  await expect(page).not.toHaveTitle(/^\(/);
});

test("the desk's tab shows unread messages until they are read", async ({ people, open }) => {
  const company = await people.company();
  const customer = await people.customer();
  const roomId = await openRoom(customer, company);
  const page = await open(company, "/desk/faq");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(desk.faq.title);
  const icon = () => page.locator("link[rel=icon]").getAttribute("href");
  const plain = await icon();
  expect(plain).toContain("/icon.svg");
  await say(customer, roomId, "하나", "둘", "셋");
  await expect(page).toHaveTitle(/^\(3\) /);
  await expect.poll(icon).not.toBe(plain);
  await expect(page.getByRole("navigation").getByText(desk.nav.unread(3))).toHaveCount(1);
  await page.getByRole("navigation").getByRole("link", { name: desk.nav.rooms }).click();
  await page.getByRole("link", { name: /김하늘/ }).click();
  const there = await enter(customer, roomId);
  await until("all is read", () => there.receiverReadSeq === there.lastSeq);
  await expect(page).not.toHaveTitle(/^\(/);
  await expect.poll(icon).toContain("/icon.svg");
});
