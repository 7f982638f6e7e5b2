import { describe, expect, test } from "vitest";
import { and, object, subject } from "./particles.js";

describe("particles", () => {
  test.each([
    ["꽃집", "과", "이", "을"],
    ["하늘이네 ", "와", "가", "를"],
    ["카페 3", "과", "이", "을"],
    ["카페 2", "와", "가", "를"],
    ["LG", "과(와)", "이(가)", "을(를)"],
    ["", "과(와)", "이(가)", "을(를)"],
  ])("after %j", (word, ...expected) => {
    expect([and(word), subject(word), object(word)]).toEqual(expected);
  });
});
