import { expect, test } from "vitest";
import { badgeText } from "./unread.js";

test.each([
  [1, "1"],
  [99, "99"],
  [100, "99+"],
])("a badge shows %i as %s", (count, expected) => {
  expect(badgeText(count)).toBe(expected);
});
