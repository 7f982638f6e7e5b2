import { expect, test } from "vitest";
import { linked } from "./links.js";

const links = (text: string, telephone = false): (string | undefined)[] =>
  linked(text, telephone)
    .map(({ href }) => href)
    .filter(Boolean);

test("a text without an address is one part", () => {
  expect(linked("안녕하세요", false)).toEqual([{ text: "안녕하세요" }]);
});

test("an address in a sentence is a link", () => {
  expect(linked("여기 https://a.kr/x?y=1#z 보세요", false)).toEqual([
    { text: "여기 " },
    { text: "https://a.kr/x?y=1#z", href: "https://a.kr/x?y=1#z" },
    { text: " 보세요" },
  ]);
});

test.each([".", ",", ")", "…", "」", "...", "?", ")."])("%s after an address is text", (end) => {
  expect(linked(`https://a.kr/x${end}`, false)).toEqual([
    { text: "https://a.kr/x", href: "https://a.kr/x" },
    { text: end },
  ]);
});

test("a particle directly after the host is text", () => {
  expect(links("https://a.kr에서 봐요")).toEqual(["https://a.kr"]);
});

test("a Hangul host and a Hangul path are links", () => {
  expect(links("https://한글.kr/길 https://a.kr/문서")).toEqual([
    "https://한글.kr/길",
    "https://a.kr/문서",
  ]);
});

test.each([
  "javascript:alert(1)",
  "ftp://a.kr",
  "data:text/html,x",
  "www.a.kr",
  "http://",
  "http://a:99999/",
  "https://...",
])("%s is text", (text) => {
  expect(linked(text, false)).toEqual([{ text }]);
});

test("the part before @ is not taken as the host of another address", () => {
  expect(links("https://bank.kr@evil.kr/")).toEqual(["https://bank.kr"]);
});

test("a telephone number is a link only where calls are possible", () => {
  expect(links("문의 02-123-4567, 010-1234-5678.", true)).toEqual([
    "tel:02-123-4567",
    "tel:010-1234-5678",
  ]);
  expect(links("문의 02-123-4567")).toEqual([]);
  expect(links("2010-1234-5678 010-1234-56789", true)).toEqual([]);
});

test("a telephone number is a part also where calls are not possible", () => {
  expect(linked("문의 02-123-4567로", false)).toEqual([
    { text: "문의 " },
    { text: "02-123-4567", isTelephone: true },
    { text: "로" },
  ]);
});

test("the parts together are the text", () => {
  const text = "a https://a.kr. b\n010-1234-5678 https://b.kr/).";
  expect(
    linked(text, true)
      .map((part) => part.text)
      .join(""),
  ).toBe(text);
});
