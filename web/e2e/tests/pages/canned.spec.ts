/** `/` in the desk's composer inserts an entry of the company's own FAQ. */

import { addFaq, say, typed } from "../../support/people.js";
import { RoomPage } from "../../support/room.js";
import { expect, test } from "../../support/test.js";

test("inserting an answer twice keeps the rest of the message", async ({ people, open }) => {
  const { customer, company, roomId } = await people.pair();
  await addFaq(company, {
    "주차되나요?": "뒤편에 두 대 자리가 있어요.",
    "예약되나요?": "전화로 예약해 주세요.",
  });
  await say(customer, roomId, "주차와 예약이 궁금해요");
  const page = await open(company, `/desk/rooms/${roomId}`);
  const room = new RoomPage(page);
  const options = page.getByRole("option");
  await room.composer.click();
  await page.keyboard.type("안녕하세요. ");
  await page.keyboard.type("/");
  await expect(options).toHaveCount(2);
  // Finds an entry by the initial consonants of its syllables.
  await page.keyboard.type("ㅈㅊ");
  await expect(options).toHaveText([/주차되나요/]);
  await page.keyboard.press("Enter");
  await expect(room.composer).toHaveValue(/^안녕하세요\. 뒤편에 두 대 자리가 있어요\.\s?$/);
  await expect(options).toHaveCount(0);

  await page.keyboard.press("Home");
  await page.keyboard.press("Control+Home");
  await page.keyboard.type("/");
  await expect(options).toHaveCount(2);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(room.composer).toHaveValue(
    /^전화로 예약해 주세요\.\s?안녕하세요\. 뒤편에 두 대 자리가 있어요\.\s?$/,
  );
  expect(await typed(company, roomId)).toEqual(["주차와 예약이 궁금해요"]);
  await page.keyboard.press("Enter");
  await expect.poll(async () => (await typed(company, roomId)).length).toBe(2);
});

test("Escape closes the list, and a slash inside a word does not open it", async ({
  people,
  open,
}) => {
  const { customer, company, roomId } = await people.pair();
  await addFaq(company, { "주차되나요?": "네" });
  await say(customer, roomId, "안녕하세요");
  const page = await open(company, `/desk/rooms/${roomId}`);
  const room = new RoomPage(page);
  const options = page.getByRole("option");
  await room.composer.click();
  await page.keyboard.type("/주");
  await expect(options).toHaveCount(1);
  await page.keyboard.press("Escape");
  await expect(options).toHaveCount(0);
  await expect(room.composer).toHaveValue("/주");
  await expect(room.composer).toBeFocused();
  await room.composer.fill("");
  await page.keyboard.type("11/26");
  await expect(room.composer).toHaveValue("11/26");
  await expect(options).toHaveCount(0);
});
