import { expect, test } from "vitest";
import { dateFormats } from "./dates.js";

const ko = dateFormats("ko");
const en = dateFormats("en");
const afternoon = new Date(2026, 10, 26, 15, 5);
/** English has a narrow space before AM and PM. */
const plain = (label: string): string => label.replace(/\s/g, " ");

test("a day is named with its year and weekday", () => {
  expect(ko.dayLabel(afternoon)).toBe("2026년 11월 26일 목요일");
  expect(en.dayLabel(afternoon)).toBe("Thursday, November 26, 2026");
});

test("a time has the 12-hour format with two-digit minutes", () => {
  expect(ko.timeLabel(afternoon)).toBe("오후 3:05");
  expect(ko.timeLabel(new Date(2026, 10, 26, 0, 30))).toBe("오전 12:30");
  expect(plain(en.timeLabel(afternoon))).toBe("3:05 PM");
});

test("a list shows the time of a message of today", () => {
  expect(ko.listLabel(afternoon, new Date(2026, 10, 26, 23, 59))).toBe("오후 3:05");
  expect(plain(en.listLabel(afternoon, afternoon))).toBe("3:05 PM");
});

test("a list shows the month and day of a message of this year", () => {
  const now = new Date(2026, 11, 26, 15, 5);
  expect(ko.listLabel(afternoon, now)).toBe("11월 26일");
  expect(en.listLabel(afternoon, now)).toBe("Nov 26");
});

test("a list shows the whole date of a message of another year", () => {
  const now = new Date(2027, 10, 26, 15, 5);
  expect(ko.listLabel(afternoon, now)).toBe("2026. 11. 26.");
  expect(en.listLabel(afternoon, now)).toBe("Nov 26, 2026");
});
