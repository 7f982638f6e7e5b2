import { expect, test } from "vitest";
import { isBlank, messageLength } from "./length.js";

test("an emoji counts by its code points", () => {
  expect(messageLength("👨‍👩‍👧")).toBe(5);
});

test("spaces around a text do not count", () => {
  expect(messageLength("  가 나\n")).toBe(3);
});

test("a decomposed syllable counts as one", () => {
  expect(messageLength("한글".normalize("NFD"))).toBe(2);
});

test("a text without a visible character is blank", () => {
  expect(isBlank(" \n\t\u3000")).toBe(true);
  expect(isBlank("\u200b\u200d\ufe0f\u2800\u3164")).toBe(true);
  expect(isBlank(" 가 ")).toBe(false);
});
