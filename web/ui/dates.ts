/** Formats dates and times in the page's language. */

import { type Language, language } from "./text/language.js";

const isSameDay = (a: Date, b: Date): boolean =>
  a.getDate() === b.getDate() &&
  a.getMonth() === b.getMonth() &&
  a.getFullYear() === b.getFullYear();

/** Formats a time without `Intl`, because some versions of ICU write `PM 3:05` in Korean. */
const koreanTime = (date: Date): string => {
  const hour = date.getHours();
  const minute = String(date.getMinutes()).padStart(2, "0");
  return `${hour < 12 ? "오전" : "오후"} ${hour % 12 || 12}:${minute}`;
};

/** The formats of one language. Creating a formatter is slow, so each is created once. */
export const dateFormats = (of: Language) => {
  const locale = of === "ko" ? "ko-KR" : "en-US";
  const format = (options: Intl.DateTimeFormatOptions): ((date: Date) => string) => {
    const formatter = new Intl.DateTimeFormat(locale, options);
    return (date) => formatter.format(date);
  };
  const day = format({ dateStyle: "full" });
  const time = of === "ko" ? koreanTime : format({ hour: "numeric", minute: "2-digit" });
  const monthAndDay = format({ month: of === "ko" ? "long" : "short", day: "numeric" });
  const date = format(
    of === "ko"
      ? { year: "numeric", month: "numeric", day: "numeric" }
      : { year: "numeric", month: "short", day: "numeric" },
  );
  return {
    /** `2026년 11월 26일 목요일`, or `Thursday, November 26, 2026`. */
    dayLabel: day,
    /** `오후 3:05`, or `3:05 PM`. */
    timeLabel: time,
    /**
     * The time if it is today (`오후 3:05`), the day if it is this year (`11월 26일`), or else the date
     * (`2025. 11. 26.`).
     */
    listLabel: (when: Date, now: Date): string => {
      if (isSameDay(when, now)) return time(when);
      return (when.getFullYear() === now.getFullYear() ? monthAndDay : date)(when);
    },
  };
};

export const { dayLabel, timeLabel, listLabel } = dateFormats(language);
