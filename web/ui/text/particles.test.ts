import { describe, expect, test } from "vitest";
import { and, object, subject, topic } from "./particles.js";

describe("particles", () => {
  test.each([
    ["꽃집", "과", "이", "을", "은"],
    ["하늘이네 ", "와", "가", "를", "는"],
    ["카페 3", "과", "이", "을", "은"],
    ["카페 2", "와", "가", "를", "는"],
    ["LG", "과(와)", "이(가)", "을(를)", "은(는)"],
    ["", "과(와)", "이(가)", "을(를)", "은(는)"],
  ])("after %j", (word, ...expected) => {
    expect([and(word), subject(word), object(word), topic(word)]).toEqual(expected);
  });
});
