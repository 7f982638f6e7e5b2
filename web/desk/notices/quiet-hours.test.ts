import { expect, test } from "vitest";
import { isQuiet } from "./quiet-hours.js";

test.each([
  ["22:00", "08:00", "21:59", false],
  ["22:00", "08:00", "22:00", true],
  ["22:00", "08:00", "00:00", true],
  ["22:00", "08:00", "07:59", true],
  ["22:00", "08:00", "08:00", false],
  ["12:00", "13:00", "12:30", true],
  ["12:00", "13:00", "13:00", false],
  ["12:00", "13:00", "11:59", false],
  ["09:00", "09:00", "09:00", false],
  ["", "08:00", "03:00", false],
  ["22:00", "25:00", "23:00", false],
])("from %s to %s, %s is quiet: %s", (from, to, time, expected) => {
  expect(isQuiet({ from, to }, new Date(`2026-11-26T${time}:30`))).toBe(expected);
});
