/** Leaving a room in the customers' app. */

import { ko } from "../../../app/text/ko.js";
import { ko as ui } from "../../../ui/text/ko.js";
import { openRoom, say } from "../../support/people.js";
import { RoomPage } from "../../support/room.js";
import { expect, test } from "../../support/test.js";

const words = ko.rooms;

test("a room that was left is back with the next message", async ({ people, open }) => {
  const [customer, company] = [await people.customer(), await people.company("새벽빵집")];
  const other = await people.company("동네약국");
  const roomId = await openRoom(customer, company);
  await openRoom(customer, other);
  await say(company, roomId, "주문하신 빵이 나왔어요");

  const page = await open(customer, `/rooms/${roomId}`);
  await new RoomPage(page).isOpen();
  await page.getByRole("button", { name: words.leave }).click();
  const dialog = page.getByRole("dialog", { name: words.leaveQuestion });
  await dialog.getByRole("button", { name: ui.cancel }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole("button", { name: words.leave })).toBeFocused();

  await page.getByRole("button", { name: words.leave }).click();
  await dialog.getByRole("button", { name: words.leaveAction, exact: true }).click();
  await expect(page).toHaveURL(/\/rooms$/);
  await expect(page.getByText(words.left)).toBeVisible();
  const row = page.getByRole("link", { name: /새벽빵집/ });
  await expect(page.getByRole("link", { name: /동네약국/ })).toBeVisible();
  await expect(row).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole("link", { name: /동네약국/ })).toBeVisible();
  await expect(row).toHaveCount(0);

  await say(company, roomId, "오늘까지 보관할게요");
  await expect(row).toContainText("오늘까지 보관할게요");
});

test("a failed request to leave keeps the room and says why", async ({ people, open }) => {
  const [customer, company] = [await people.customer(), await people.company()];
  const roomId = await openRoom(customer, company);
  const page = await open(customer, `/rooms/${roomId}`);
  await new RoomPage(page).isOpen();
  await page.route(/\/api\/customer\/chatrooms\/\d+(\?|$)/, (route) =>
    route.request().method() === "DELETE" ? route.abort() : route.fallback(),
  );
  await page.getByRole("button", { name: words.leave }).click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: words.leaveAction, exact: true })
    .click();
  await expect(page.locator(".toast")).toBeVisible();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page).toHaveURL(new RegExp(`/rooms/${roomId}$`));
});

test("an own message brings a room back to the list", async ({ people, open }) => {
  const [customer, company] = [await people.customer(), await people.company("새벽빵집")];
  const other = await people.company("동네약국");
  const roomId = await openRoom(customer, company);
  await openRoom(customer, other);
  const viewport = { width: 1280, height: 844 };
  const page = await open(customer, `/rooms/${roomId}`, { context: { viewport } });
  const room = new RoomPage(page);
  await room.isOpen();
  await page.getByRole("button", { name: words.leave }).click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: words.leaveAction, exact: true })
    .click();
  const row = page.getByRole("link", { name: /새벽빵집/ });
  await expect(row).toHaveCount(0);

  await page.goto(`/c/${company.id}`);
  await page.getByRole("button", { name: ko.company.chat }).click();
  await room.isOpen();
  // The list has been refreshed for the opened room.
  await page.waitForLoadState("networkidle");
  await expect(row).toHaveCount(0);
  await room.say("아직 문 열었나요?");
  await expect(row).toContainText("아직 문 열었나요?");
});
