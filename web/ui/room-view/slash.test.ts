import { expect, test } from "vitest";
import { slashBefore } from "./slash.js";

test.each([
  ["/", 1, { start: 0, typed: "" }],
  ["/배송", 3, { start: 0, typed: "배송" }],
  ["네, /ㅂㅅ", 6, { start: 3, typed: "ㅂㅅ" }],
  ["첫 줄\n/b", 6, { start: 4, typed: "b" }],
  ["/배송 안내", 2, { start: 0, typed: "배" }],
])("%j with the caret at %i asks for replies", (text, caret, slash) => {
  expect(slashBefore(text, caret)).toEqual(slash);
});

test.each([
  ["", 0],
  ["1/2", 3],
  ["https://a.kr", 12],
  ["/배송 ", 4],
  ["/배송", 0],
  ["//", 2],
])("%j with the caret at %i asks for no replies", (text, caret) => {
  expect(slashBefore(text, caret)).toBeUndefined();
});
