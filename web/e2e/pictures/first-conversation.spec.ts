/** The pictures of docs/first-conversation.md: a company and a customer, from sign-up to the read mark. */

import { expect, type Page, test } from "@playwright/test";
import { desktop, phone, take } from "./window.js";

const COMPANY = "새벽빵집";
const CUSTOMER = "김하늘";
const PASSWORD = "sky-2026x";
const FAQ = [
  ["영업시간이 어떻게 되나요?", "아침 7시부터 저녁 8시까지 열어요. 일요일은 쉬어요."],
  ["예약할 수 있나요?", "네! 빵 이름과 개수, 찾으러 오실 시간을 알려 주세요."],
] as const;

const fillJoinForm = async (page: Page, nameLabel: string, name: string, username: string) => {
  await page.getByLabel(nameLabel).fill(name);
  await page.getByLabel("아이디").fill(username);
  await page.getByLabel("비밀번호", { exact: true }).fill(PASSWORD);
  await page.getByLabel("비밀번호 확인").fill(PASSWORD);
  await page.getByLabel("이용약관에 동의해요").check();
  await page.getByLabel("개인정보 수집·이용에 동의해요").check();
};

const join = (page: Page): Promise<void> => page.getByRole("button", { name: "가입하기" }).click();

const send = async (page: Page, text: string): Promise<void> => {
  await page.getByLabel("메시지를 입력하세요").fill(text);
  await page.getByRole("button", { name: "보내기" }).click();
};

test("two windows talk, from sign-up to read mark", async ({ browser }) => {
  const [customer, company] = [await phone(browser), await desktop(browser)];

  await company.goto("/desk/join");
  await fillJoinForm(company, "기업명", COMPANY, "dawnbakery");
  await take(company, "01-company-joins");
  await join(company);
  await company.getByText("4개 중 0개 완료").waitFor();
  await take(company, "02-checklist");

  await company.getByRole("link", { name: /프로필 사진과 소개/ }).click();
  await company.locator("input[type=file]").setInputFiles("../drawings/dawn.png");
  await company.getByRole("button", { name: "사진 변경" }).waitFor();
  await company.getByLabel("소개").fill("매일 새벽에 구운 빵을 아침 7시부터 만나요.");
  await company.getByRole("button", { name: "저장" }).click();
  await company.getByRole("switch", { name: "공개" }).click();
  await company.getByText("이제 기업 찾기에 나와요").waitFor();
  await take(company, "03-profile");

  await company.getByRole("link", { name: "자동응답" }).click();
  for (const [question, answer] of FAQ) {
    await company.getByRole("button", { name: "자동응답 추가" }).click();
    await company.getByLabel("질문").fill(question);
    await company.getByLabel("답변").fill(answer);
    await company.getByRole("button", { name: "저장" }).click();
  }
  await company.getByText("2/6").waitFor();
  await take(company, "04-faq");
  await company.getByRole("link", { name: "채팅" }).click();

  await customer.goto("/");
  await customer.getByRole("link", { name: COMPANY }).waitFor();
  await take(customer, "05-directory");
  await customer.getByRole("link", { name: COMPANY }).click();
  await customer.getByText(FAQ[0][0]).click();
  await take(customer, "06-company");
  await customer.getByRole("button", { name: "채팅하기" }).click();
  await customer.getByRole("link", { name: "회원가입" }).click();
  await fillJoinForm(customer, "이름", CUSTOMER, "haneulkim");
  await take(customer, "07-customer-joins");
  await join(customer);

  await customer.getByRole("button", { name: FAQ[1][0] }).click();
  await customer.getByRole("log").getByText(FAQ[1][1]).waitFor();
  await take(customer, "08-automatic-answer");

  await send(customer, "내일 아침 식빵 두 개 예약할게요! 8시에 갈게요 🍞");
  await company.getByRole("link", { name: CUSTOMER }).waitFor();
  await take(company, "09-unread");
  await company.getByRole("link", { name: CUSTOMER }).click();
  await company.getByLabel("메시지를 입력하세요").pressSequentially("네, 따로 담아");
  await customer.getByText("상대방이 입력하고 있어요…").waitFor();
  await take(customer, "10-typing");

  await send(company, "네, 따로 담아 둘게요. 내일 아침에 봬요, 하늘 님!");
  await customer.getByText("하늘 님!").waitFor();
  await take(customer, "11-answer");
  await expect(company.getByRole("log").getByText("읽음")).toBeVisible();
  await take(company, "12-read");
});
