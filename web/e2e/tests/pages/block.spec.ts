/** A company blocks a customer, and unblocks the customer. */

import { ko } from "../../../desk/text/ko.js";
import { ko as ui } from "../../../ui/text/ko.js";
import { addFaq, openRoom, say, typed } from "../../support/people.js";
import { RoomPage } from "../../support/room.js";
import { expect, test } from "../../support/test.js";

const words = ko.block;
const WIDE = { viewport: { width: 1280, height: 844 } };

test("a blocked customer reads the room but cannot write until the block ends", async ({
  people,
  open,
}) => {
  test.setTimeout(90_000);
  const { customer, company, roomId } = await people.pair();
  await addFaq(company, { "주차되나요?": "건물 뒤에 두 대 자리가 있어요." });
  await say(customer, roomId, "안녕하세요");
  const page = await open(customer, `/rooms/${roomId}`);
  const room = new RoomPage(page);
  await room.isOpen();
  await expect(page.getByRole("button", { name: "주차되나요?" })).toBeVisible();
  const desk = await open(company, `/desk/rooms/${roomId}`, { context: WIDE });
  const there = new RoomPage(desk);
  await there.isOpen();
  const row = desk.getByRole("link", { name: /김하늘/ });

  // Everything in the desk by keyboard.
  const button = desk.locator(".block-button");
  await expect(button).toHaveAccessibleName(words.start);
  await button.focus();
  await desk.keyboard.press("Enter");
  const dialog = desk.getByRole("dialog", { name: words.question("김하늘") });
  await expect(dialog).toContainText(words.meaning);
  await desk.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await expect(button).toBeFocused();
  await expect(row).not.toContainText(ui.roomList.blocked);
  await desk.keyboard.press("Enter");
  await expect(dialog.getByRole("button", { name: ui.cancel })).toBeFocused();
  await desk.keyboard.press("Tab");
  await desk.keyboard.press("Enter");
  await expect(desk.locator(".block-notice")).toBeVisible();
  await expect(dialog).toHaveCount(0);
  await expect(button).toBeFocused();
  await expect(button).toHaveAccessibleName(words.end);
  await expect(desk.getByText(words.done("김하늘"))).toBeVisible();
  await expect(row).toContainText(ui.roomList.blocked);

  // The customer has an open page and a draft.
  await room.say("보이세요?");
  await expect(page.getByText(ui.room.blocked).last()).toBeVisible();
  await expect(room.composer).toHaveCount(0);
  await expect(page.getByRole("button", { name: "주차되나요?" })).toHaveCount(0);
  await expect(room.bubbles("안녕하세요")).toBeVisible();
  await expect(room.bubbles("보이세요?")).toBeVisible();
  await expect(room.failed).toHaveCount(0);
  expect(await typed(company, roomId)).toEqual(["안녕하세요"]);
  await page.reload();
  await expect(page.locator(".room-closed")).toHaveText(ui.room.blocked);
  await expect(room.bubbles("보이세요?")).toBeVisible();

  // The company can still write.
  await there.say("잠시 차단할게요");
  await expect(room.bubbles("잠시 차단할게요")).toBeVisible();
  await expect(page.locator(".room-closed")).toBeVisible();

  await desk.getByRole("button", { name: words.end }).last().click();
  const question = desk.getByRole("dialog", { name: words.endQuestion("김하늘") });
  await expect(question).toContainText(words.endMeaning);
  await question.getByRole("button", { name: words.end }).click();
  await expect(desk.locator(".block-notice")).toHaveCount(0);
  await expect(button).toBeFocused();
  await expect(row).not.toContainText(ui.roomList.blocked);

  await there.say("이제 보내셔도 돼요");
  await expect(room.composer).toBeEditable();
  await room.failed.click();
  await expect(there.bubbles("보이세요?")).toBeVisible();
  expect(await typed(company, roomId)).toContain("보이세요?");
});

test("a rejected question closes the composer and keeps the draft", async ({ people, open }) => {
  const { customer, company, roomId } = await people.pair();
  await addFaq(company, { "주차되나요?": "건물 뒤에 두 대 자리가 있어요." });
  const page = await open(customer, `/rooms/${roomId}`);
  const room = new RoomPage(page);
  await room.composer.fill("쓰던 글");
  const chip = page.getByRole("button", { name: "주차되나요?" });
  await expect(chip).toBeVisible();
  const there = company.chat.room(roomId);
  await there.block();
  await chip.click();
  await expect(page.locator(".room-closed")).toHaveText(ui.room.blocked);
  await expect(room.composer).toHaveCount(0);
  await there.unblock();
  await page.reload();
  await expect(room.composer).toHaveValue("쓰던 글");
  await chip.click();
  await expect(room.bubbles("건물 뒤에 두 대 자리가 있어요.")).toBeVisible();
});

test("a failed request to block changes nothing and says why", async ({ people, open }) => {
  const { customer, company, roomId } = await people.pair();
  await say(customer, await openRoom(customer, company), "안녕하세요");
  const desk = await open(company, `/desk/rooms/${roomId}`, { context: WIDE });
  await new RoomPage(desk).isOpen();
  await desk.route(/\/block$/, (route) => route.abort());
  await desk.getByRole("button", { name: words.start }).click();
  await desk.getByRole("dialog").getByRole("button", { name: words.action, exact: true }).click();
  await expect(desk.locator(".toast")).toHaveText(ui.noNetwork);
  await expect(desk.getByRole("dialog")).toHaveCount(0);
  await expect(desk.locator(".block-notice")).toHaveCount(0);
});
