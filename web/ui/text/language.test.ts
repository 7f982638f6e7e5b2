import { expect, test } from "vitest";
import { preferred } from "./language.js";

test.each([
  [["ko-KR", "en-US"], "ko"],
  [["fr", "EN-gb", "ko"], "en"],
  [["fr", "ja-JP"], "ko"],
  [[], "ko"],
])("a browser with %j gets %s", (languages, expected) => {
  expect(preferred(languages)).toBe(expected);
});
