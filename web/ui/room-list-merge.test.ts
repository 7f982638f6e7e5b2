import { describe, expect, test } from "vitest";
import {
  extended,
  type RoomRow,
  reachesKnown,
  refreshed,
  withMessage,
  withRoom,
} from "./room-list-merge.js";

const COMPANY = 7;
const CUSTOMER = 12;

/** A room whose last message came at a minute. */
const row = (id: number, minute: number, more: Partial<RoomRow> = {}): RoomRow => ({
  id,
  receiverId: COMPANY,
  receiverName: "하늘꽃집",
  receiverImageUrl: null,
  receiverDeleted: false,
  lastMessage: "네",
  lastMessageSenderId: COMPANY,
  lastMessageDate: `2026-11-26T06:${String(minute).padStart(2, "0")}:00.000Z`,
  lastSeq: 3,
  unreadMessageCount: 0,
  blocked: false,
  ...more,
});

const message = (seq: number, senderId: number, type: "general" | "auto" = "general") => ({
  id: seq,
  seq,
  senderId,
  type,
  content: "새 메시지",
  createdAt: "2026-11-26T06:59:00.000Z",
});

const push = (roomId: number, seq: number, senderId: number, type?: "general" | "auto") => ({
  type: "message" as const,
  roomId,
  message: message(seq, senderId, type),
  sender: { name: "하늘꽃집", imageUrl: null },
});

const ids = (rows: readonly RoomRow[]): number[] => rows.map(({ id }) => id);

describe("the first page, fetched again,", () => {
  test("moves a room with a new message to the top", () => {
    const known = { rows: [row(1, 9), row(2, 8), row(3, 7)], next: "after 3" };
    const fetched = { rows: [row(3, 10), row(1, 9)], next: "after 1" };
    const { rows, next } = refreshed(known, fetched, undefined);
    expect(ids(rows)).toEqual([3, 1, 2]);
    expect(next).toBe("after 3");
  });

  test("removes a room that has left a filtered list", () => {
    const known = { rows: [row(1, 9), row(2, 8), row(3, 7)], next: null };
    const fetched = { rows: [row(1, 9), row(3, 7)], next: null };
    expect(ids(refreshed(known, fetched, undefined).rows)).toEqual([1, 3]);
  });

  test("keeps the open room, which has left a filtered list, in its place", () => {
    const known = { rows: [row(1, 9), row(2, 8), row(3, 7)], next: null };
    const fetched = { rows: [row(1, 9), row(3, 7)], next: null };
    expect(ids(refreshed(known, fetched, 2).rows)).toEqual([1, 2, 3]);
  });

  test("is followed by its own next page if no later row is known", () => {
    const fetched = { rows: [row(1, 9)], next: "after 1" };
    expect(refreshed({ rows: [], next: null }, fetched, undefined)).toEqual(fetched);
  });
});

test("a page adds no room that moved to the top meanwhile", () => {
  const known = { rows: [row(5, 10), row(1, 9)], next: "after 1" };
  const { rows, next } = extended(known, { rows: [row(2, 8), row(5, 7)], next: null });
  expect(ids(rows)).toEqual([5, 1, 2]);
  expect(rows[0]?.lastMessageDate).toContain("06:10");
  expect(next).toBeNull();
});

test.each([
  ["an unchanged row", { rows: [row(3, 10), row(1, 9)], next: "after 1" }, true],
  ["a changed row", { rows: [row(3, 10), row(1, 9, { lastSeq: 4 })], next: "after 1" }, false],
  ["an unknown row", { rows: [row(3, 10), row(4, 9)], next: "after 4" }, false],
  ["the end of the list", { rows: [row(4, 9)], next: null }, true],
])("a list that ends with %s: %#", (_, fetched, expected) => {
  expect(reachesKnown({ rows: [row(1, 9), row(3, 7)], next: null }, fetched)).toBe(expected);
});

describe("a pushed message", () => {
  const rows = [row(1, 9), row(2, 8)];

  test("moves its room to the top and counts as unread", () => {
    const [first] = withMessage(rows, push(2, 4, COMPANY));
    expect(first).toMatchObject({ id: 2, lastMessage: "새 메시지", lastSeq: 4 });
    expect(first?.unreadMessageCount).toBe(1);
  });

  test.each([
    ["the account itself", CUSTOMER, "general"],
    ["the product", COMPANY, "auto"],
  ] as const)("from %s does not count as unread", (_, sender, type) => {
    const [first] = withMessage(rows, push(2, 4, sender, type));
    expect(first).toMatchObject({ id: 2, unreadMessageCount: 0 });
  });

  test("that comes twice changes nothing", () => {
    expect(withMessage(rows, push(2, 3, COMPANY))).toBe(rows);
  });

  test("of a room that is not in the list changes nothing", () => {
    expect(withMessage(rows, push(9, 1, COMPANY))).toBe(rows);
  });
});

describe("an open room", () => {
  const rows = [row(1, 9), row(2, 8, { unreadMessageCount: 2 })];

  test("brings a message that was sent here to the top", () => {
    const [first] = withRoom(rows, {
      id: 2,
      messages: [message(4, CUSTOMER)],
      readSeq: 1,
      receiver: undefined,
    });
    expect(first).toMatchObject({ id: 2, lastSeq: 4, unreadMessageCount: 2 });
  });

  test("that was read to its end has no unread messages", () => {
    expect(
      withRoom(rows, { id: 2, messages: [], readSeq: 3, receiver: undefined })[1]
        ?.unreadMessageCount,
    ).toBe(0);
  });

  test("that was read in part keeps its count", () => {
    expect(
      withRoom(rows, { id: 2, messages: [message(3, COMPANY)], readSeq: 2, receiver: undefined }),
    ).toBe(rows);
  });

  test("shows whether the customer is blocked", () => {
    const receiver = {
      receiverId: CUSTOMER,
      receiverName: "김하늘",
      receiverImageUrl: null,
      receiverDeleted: false,
    };
    const room = { id: 2, messages: [], readSeq: 0 };
    const blocked = withRoom(rows, { ...room, receiver: { ...receiver, blocked: true } });
    expect(blocked[1]).toMatchObject({ blocked: true, unreadMessageCount: 2 });
    expect(withRoom(blocked, { ...room, receiver: undefined })).toBe(blocked);
    const unblocked = withRoom(blocked, { ...room, receiver: { ...receiver, blocked: false } });
    expect(unblocked[1]).toMatchObject({ blocked: false });
  });
});
