import { expect, test } from "vitest";
import { en, ko, preferred } from "../src/texts.js";

test.each([
  [["ko-KR", "en-US"], "ko"],
  [["en-US", "ko-KR"], "en"],
  [["fr-FR", "EN"], "en"],
  [["fr-FR"], "ko"],
  [["korean", "english"], "ko"],
  [[], "ko"],
])("a browser that prefers %j gets %s", (languages, language) => {
  expect(preferred(languages)).toBe(language);
});

test("every text is in its own language", () => {
  expect(Object.values(en).join(" ")).not.toMatch(/\p{Script=Hangul}/u);
  for (const text of Object.values(ko)) expect(text).toMatch(/\p{Script=Hangul}/u);
});
