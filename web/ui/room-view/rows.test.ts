import type { Message, PendingMessage } from "@chatchat/client";
import { describe, expect, test } from "vitest";
import {
  countAfter,
  type Entry,
  firstUnreadSeq,
  lastReadSeq,
  type Row,
  type RowContext,
  rowOf,
} from "./rows.js";

const ME = 1;
const THEY = 2;
const START = new Date(2026, 10, 26, 15, 5).getTime();

const message = (
  seq: number,
  senderId: number,
  at = START,
  more: Partial<Message> = {},
): Message => ({
  id: 1000 + seq,
  seq,
  senderId,
  type: "general",
  content: `${seq}`,
  createdAt: new Date(at).toISOString(),
  ...more,
});

const pending = (state: PendingMessage["state"] = "sending"): PendingMessage => ({
  clientMessageId: "a",
  content: "…",
  state,
});

const context: RowContext = {
  account: ME,
  unreadSeq: undefined,
  lastReadSeq: undefined,
  pendingSince: () => START,
};

const rowsOf = (entries: Entry[], more: Partial<RowContext> = {}): Row[] =>
  entries.map((entry, n) => rowOf(entry, entries[n - 1], entries[n + 1], { ...context, ...more }));

const groups = (rows: Row[]): string =>
  rows
    .map(({ startsGroup, endsGroup }) => `${startsGroup ? "(" : ""}m${endsGroup ? ")" : ""}`)
    .join("");

describe("groups", () => {
  test("messages of one sender within a minute are a group", () => {
    const rows = rowsOf([
      message(2, ME),
      message(3, ME, START + 59_999),
      message(4, ME, START + 119_999),
    ]);
    expect(groups(rows)).toBe("(mm)(m)");
  });

  test("another sender begins a group", () => {
    expect(groups(rowsOf([message(2, ME), message(3, THEY), message(4, ME)]))).toBe("(m)(m)(m)");
  });

  test("another day begins a group", () => {
    const midnight = new Date(2026, 10, 27).getTime();
    const rows = rowsOf([message(2, ME, midnight - 1), message(3, ME, midnight)]);
    expect(groups(rows)).toBe("(m)(m)");
    expect(rows.map(({ startsDay }) => startsDay)).toEqual([true, true]);
  });

  test("the guide message is alone", () => {
    const rows = rowsOf([message(1, THEY, START, { type: "auto" }), message(2, THEY)]);
    expect(groups(rows)).toBe("(m)(m)");
    expect(rows.map(({ kind }) => kind)).toEqual(["guide", "text"]);
  });

  test("the separator of unread messages begins a group", () => {
    const rows = rowsOf([message(2, THEY), message(3, THEY)], { unreadSeq: 3 });
    expect(groups(rows)).toBe("(m)(m)");
    expect(rows.map(({ startsUnread }) => startsUnread)).toEqual([false, true]);
  });

  test("an unsent message continues the own group", () => {
    expect(groups(rowsOf([message(2, ME), pending()]))).toBe("(mm)");
  });
});

test("the sender changes after the guide and after the other side", () => {
  const rows = rowsOf([
    message(1, THEY, START, { type: "auto" }),
    message(2, THEY),
    message(3, THEY, START + 86_400_000),
    message(4, ME),
    message(5, THEY),
  ]);
  expect(rows.map(({ changesSender }) => changesSender)).toEqual([true, true, false, true, true]);
});

test("a date stands above the first message and each new day", () => {
  const rows = rowsOf([message(2, ME), message(3, ME), message(4, ME, START + 86_400_000)]);
  expect(rows.map(({ startsDay }) => startsDay)).toEqual([true, false, true]);
});

test("a stored message keeps the key of its unsent state", () => {
  const [before] = rowsOf([pending()]);
  const [after] = rowsOf([message(2, ME, START, { clientMessageId: "a" })]);
  expect(after!.key).toBe(before!.key);
});

test("an unchanged row is the same object", () => {
  const entries = [message(2, ME), message(3, THEY)];
  const before = rowsOf(entries);
  const after = rowsOf(entries, { lastReadSeq: 2 });
  expect(after[0]).not.toBe(before[0]);
  expect(after[1]).toBe(before[1]);
});

describe("the last read message", () => {
  const messages = [message(5, ME), message(6, ME), message(7, THEY), message(8, ME)];

  test("is the newest own one up to the marker", () => {
    expect(lastReadSeq(messages, ME, 7)).toBe(6);
    expect(lastReadSeq(messages, ME, 8)).toBe(8);
    expect(lastReadSeq(messages, ME, 99)).toBe(8);
  });

  test("is undefined without a read own message", () => {
    expect(lastReadSeq(messages, ME, 4)).toBeUndefined();
    expect(lastReadSeq([], ME, 4)).toBeUndefined();
  });

  test("is not an automatic one", () => {
    expect(lastReadSeq([message(5, ME), message(6, ME, START, { type: "auto" })], ME, 6)).toBe(5);
  });
});

describe("the first unread message", () => {
  const messages = [message(5, THEY), message(6, ME), message(7, THEY), message(8, THEY)];

  test("is the first of the other side after the marker", () => {
    expect(firstUnreadSeq(messages, ME, 5, 8)).toBe(7);
    expect(firstUnreadSeq(messages, ME, 7, 8)).toBe(8);
  });

  test("is undefined if all were read, or came later", () => {
    expect(firstUnreadSeq(messages, ME, 8, 8)).toBeUndefined();
    expect(firstUnreadSeq(messages, ME, 6, 6)).toBeUndefined();
  });

  test("is undefined while no read message is loaded", () => {
    expect(firstUnreadSeq(messages, ME, 4, 8)).toBeUndefined();
    expect(firstUnreadSeq([], ME, 0, 0)).toBeUndefined();
  });
});

test("only messages of the other side count as new", () => {
  const messages = [message(5, THEY), message(6, ME), message(7, THEY), message(8, THEY)];
  expect(countAfter(messages, ME, 5)).toBe(2);
  expect(countAfter(messages, ME, 8)).toBe(0);
});
