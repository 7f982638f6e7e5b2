import { expect, test } from "vitest";
import { findReplies } from "./canned.js";

const ENTRIES = [
  "영업 시간이 어떻게 되나요?",
  "예약할 수 있나요?",
  "주차장이 있나요?",
  "닭 알레르기가 있어요",
  "과자도 파나요?",
  "Wi-Fi 되나요? (무료)",
].map((question, index) => ({ question, answer: `답 ${index}` }));

const found = (typed: string) => findReplies(ENTRIES, typed).map(({ title }) => title[0]);

test.each([
  ["ㅇㅇ", "영예주닭"],
  ["ㅈㅊ", "주"],
  ["예약", "예"],
  ["ㅇㅇㅎ", "예"],
  ["주ㅊ", "주"],
  ["ㅈㅊㅈ", "주"],
  ["영업시간", "영"],
  ["영업 시", "영"],
  ["wi-fi", "W"],
  ["(", "W"],
  ["예약 취소", ""],
  ["ㄲ", ""],
])("%j finds the questions that begin with %j", (typed, firsts) => {
  expect(found(typed).join("")).toBe(firsts);
});

test.each([
  ["예", "예"],
  ["옝", "예"],
  ["예야", "예"],
  ["예약", "예"],
  ["고", "과"],
  ["달", "닭"],
  ["닭", "닭"],
  ["닭알", "닭"],
])("the unfinished input %j still finds %j", (typed, first) => {
  expect(found(typed)).toContain(first);
});

test("only the last syllable may be unfinished", () => {
  expect(found("고자")).toEqual([]);
});

test("two consonants that the keyboard joined are two initials", () => {
  const entries = [
    { question: "반품 신청", answer: "a" },
    { question: "감사 인사", answer: "b" },
  ];
  expect(findReplies(entries, "ㄳ").map(({ text }) => text)).toEqual(["b"]);
});

test("an empty text finds all entries in their order", () => {
  expect(findReplies(ENTRIES, "")).toEqual(
    ENTRIES.map(({ question, answer }) => ({ title: question, text: answer })),
  );
});

test("an earlier place in the question comes first", () => {
  const entries = [
    { question: "당일 예약", answer: "a" },
    { question: "예약 취소", answer: "b" },
  ];
  expect(findReplies(entries, "ㅇㅇ").map(({ text }) => text)).toEqual(["b", "a"]);
});
