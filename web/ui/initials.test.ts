import { expect, test } from "vitest";
import { initials } from "./initials.js";

test.each([
  ["김하늘", "person", "하늘"],
  ["남궁 민수", "person", "민수"],
  ["이", "person", "이"],
  ["하늘 빵집", "company", "하늘"],
  ["👨‍👩‍👧 병원", "company", "👨‍👩‍👧병"],
  ["Emily Carter", "person", "EC"],
  ["emily van carter", "person", "EC"],
  ["Éclair", "company", "É"],
  ["IT 연구소", "company", "IT"],
  ["", "company", ""],
] as const)("the initials of %j, a %s, are %j", (name, kind, expected) => {
  expect(initials(name, kind)).toBe(expected);
});
