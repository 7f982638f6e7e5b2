/** Everything works with the keyboard, and the focus is always visible. */

import type { Locator, Page } from "@playwright/test";
import { ko as app } from "../../../app/text/ko.js";
import { ko as desk } from "../../../desk/text/ko.js";
import { ko as ui } from "../../../ui/text/ko.js";
import { addFaq, newUsername, openRoom, PASSWORD, say, typed } from "../../support/people.js";
import { RoomPage } from "../../support/room.js";
import { expect, test } from "../../support/test.js";

/** Returns "" if the element with the focus is in the window and marked, else a description. */
const isFocusVisible = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return "";
    // The label of a hidden radio button is marked instead of the button.
    const shown = element.matches(".visually-hidden") ? element.nextElementSibling! : element;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(shown);
    const { top, bottom, left, right, width } = shown.getBoundingClientRect();
    const isInside = bottom > 0 && right > 0 && top < innerHeight && left < innerWidth && width > 0;
    const isMarked =
      (outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2) || boxShadow !== "none";
    return isInside && isMarked
      ? ""
      : `${element.outerHTML.slice(0, 160)} ${outlineStyle} ${isInside}`;
  });

/** Presses Tab until the element has the focus; each stop on the way must be visible. */
const tabTo = async (page: Page, target: Locator, key = "Tab"): Promise<void> => {
  await expect(target).toBeVisible();
  for (let n = 0; n < 60; n++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
    expect(await isFocusVisible(page)).toBe("");
  }
  throw new Error(`${key} does not reach ${target}`);
};

/** Presses keys on the element that has the focus after Tab has reached it. */
const press = async (page: Page, target: Locator, key = "Enter"): Promise<void> => {
  await tabTo(page, target);
  await page.keyboard.press(key);
};

const type = async (page: Page, target: Locator, text: string): Promise<void> => {
  await tabTo(page, target);
  await page.keyboard.insertText(text);
};

test("a customer joins, asks and leaves by keyboard", async ({ page, people }) => {
  test.setTimeout(120_000);
  const name = `빵집 ${newUsername().slice(-8)}`;
  const company = await people.company(name);
  await addFaq(company, { "주차되나요?": "건물 뒤에 두 대 자리가 있어요." });
  await page.goto("/");
  await press(page, page.getByRole("link", { name: app.logIn }));
  await press(page, page.getByRole("link", { name: ui.account.join }));
  const { fields } = ui.account;
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
  await type(page, page.getByLabel(fields.name, { exact: true }), "김하늘");
  await type(page, page.getByLabel(fields.username, { exact: true }), newUsername());
  await type(page, page.getByLabel(fields.password, { exact: true }), PASSWORD);
  await type(page, page.getByLabel(fields.confirmPassword, { exact: true }), PASSWORD);
  await press(page, page.getByLabel(ui.account.consents.terms), "Space");
  await press(page, page.getByLabel(ui.account.consents.privacy), "Space");
  await press(page, page.getByRole("button", { name: ui.account.joinAction }));
  await expect(page.getByRole("navigation")).toBeVisible();

  await type(page, page.getByLabel(app.directory.search), name);
  await press(page, page.getByRole("link", { name: new RegExp(name) }));
  await expect(page.getByRole("heading", { level: 1, name })).toBeFocused();
  await press(page, page.getByRole("button", { name: app.company.chat }));

  const room = new RoomPage(page);
  await room.isOpen();
  await type(page, room.composer, "지금 가도 되나요?");
  await page.keyboard.press("Enter");
  await expect(room.bubbles("지금 가도 되나요?")).toBeVisible();
  await expect(room.composer).toBeFocused();
  await tabTo(page, page.getByRole("button", { name: "주차되나요?" }), "Shift+Tab");
  await page.keyboard.press("Enter");
  await expect(room.bubbles("건물 뒤에 두 대 자리가 있어요.")).toBeVisible();
  // The list scrolls by keyboard too.
  await tabTo(page, room.log, "Shift+Tab");

  await press(page, page.getByRole("link", { name: app.tabs.me }));
  await press(page, page.getByRole("link", { name: new RegExp(app.me.account) }));
  const password = page.locator("section[aria-labelledby=withdrawal] input[name=password]");
  await type(page, password, PASSWORD);
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: ui.account.withdrawQuestion });
  await expect(dialog).toBeVisible();
  await press(page, dialog.getByRole("button", { name: ui.account.withdraw, exact: true }));
  await expect(page).toHaveURL(/\/$/);
  await expect(page.getByRole("navigation")).toHaveCount(0);
});

test("a company answers, edits its FAQ and logs out by keyboard", async ({ page, people }) => {
  test.setTimeout(120_000);
  const company = await people.company();
  const rooms: number[] = [];
  for (const name of ["이바다", "김하늘"]) {
    const customer = await people.customer(name);
    rooms.push(await openRoom(customer, company));
    await say(customer, rooms.at(-1)!, `${name}입니다`);
  }
  await addFaq(company, { "주차되나요?": "두 대 자리가 있어요." });
  await page.goto("/desk");
  await type(page, page.getByLabel(ui.account.fields.username, { exact: true }), company.username);
  await type(page, page.getByLabel(ui.account.fields.password, { exact: true }), PASSWORD);
  await page.keyboard.press("Enter");

  const room = new RoomPage(page);
  await press(page, page.getByRole("link", { name: /김하늘/ }));
  await expect(room.bubbles("김하늘입니다")).toBeVisible();
  await tabTo(page, room.composer);
  await page.keyboard.type("/");
  await expect(page.getByRole("option")).toHaveCount(1);
  await page.keyboard.press("Enter");
  await expect(room.composer).toHaveValue(/^두 대 자리가 있어요\./);
  await page.keyboard.press("Enter");
  await expect.poll(() => typed(company, rooms[1]!)).toHaveLength(2);

  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  expect(await isFocusVisible(page)).toBe("");
  await page.keyboard.press("Enter");
  await expect(room.bubbles("이바다입니다")).toBeVisible();

  await press(page, page.getByRole("navigation").getByRole("link", { name: desk.nav.faq }));
  await expect(page.getByRole("heading", { level: 1, name: desk.faq.title })).toBeFocused();
  await press(page, page.getByRole("button", { name: desk.faq.editNamed("주차되나요?") }));
  const answer = page.getByLabel(desk.faq.answer, { exact: true });
  await tabTo(page, answer);
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText("세 대 자리가 있어요.");
  await press(page, page.getByRole("button", { name: ui.save, exact: true }));
  await expect(page.getByText("세 대 자리가 있어요.").first()).toBeVisible();
  const edit = page.getByRole("button", { name: desk.faq.editNamed("주차되나요?") });
  await expect(edit).toBeFocused();

  await press(page, page.getByRole("navigation").getByRole("link", { name: desk.nav.settings }));
  await press(page, page.getByRole("button", { name: desk.settings.logOut }));
  await expect(page.getByLabel(ui.account.fields.password, { exact: true })).toBeVisible();
});

test("a dialog traps the focus, and restores it after Escape", async ({ people, open }) => {
  const company = await people.company();
  await addFaq(company, { "주차되나요?": "네" });
  const page = await open(company, "/desk/faq");
  const remove = page.getByRole("button", { name: desk.faq.removeNamed("주차되나요?") });
  await press(page, remove);
  const dialog = page.getByRole("dialog");
  await expect(dialog).toBeVisible();
  for (let n = 0; n < 6; n++) {
    await page.keyboard.press("Tab");
    const isInside = await page.evaluate(
      () => document.activeElement === document.body || !!document.activeElement?.closest("dialog"),
    );
    expect(isInside).toBe(true);
  }
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await expect(remove).toBeFocused();
});

test("the first Tab offers to skip to the content", async ({ people, open }) => {
  const page = await open(await people.customer(), "/me");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.keyboard.press("Tab");
  const skip = page.getByText(ui.skipToContent);
  await expect(skip).toBeFocused();
  expect(await isFocusVisible(page)).toBe("");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
});
