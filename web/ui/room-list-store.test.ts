import { type Chat, ChatError } from "@chatchat/client";
import { signal } from "@preact/signals";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { LiveChat } from "./chat.js";
import type { RoomRow } from "./room-list-merge.js";
import { createRoomListStore, type RoomListOptions } from "./room-list-store.js";
import { unread } from "./unread.js";

const row = (id: number, minute: number, unreadMessageCount = 0): RoomRow => ({
  id,
  receiverId: 7,
  receiverName: "하늘꽃집",
  receiverImageUrl: null,
  receiverDeleted: false,
  lastMessage: "네",
  lastMessageSenderId: 7,
  lastMessageDate: `2026-11-26T06:${String(minute).padStart(2, "0")}:00.000Z`,
  lastSeq: 3,
  unreadMessageCount,
  blocked: false,
});

const page = (rows: RoomRow[], next: string | null = null, unreadTotal = 0) => ({
  chatRooms: rows,
  next,
  unreadTotal,
});

const push = (roomId: number, seq: number) => ({
  type: "message",
  roomId,
  message: {
    id: seq,
    seq,
    senderId: 7,
    type: "general",
    content: "새 메시지",
    createdAt: "2026-11-26T06:59:00.000Z",
  },
  sender: { name: "하늘꽃집", imageUrl: null },
});

/** A list of a logged-in customer whose calls get these answers, in order. */
const listWith = (answers: unknown[], options: RoomListOptions = {}) => {
  const call = vi.fn();
  for (const answer of answers) {
    if (answer instanceof Error) call.mockRejectedValueOnce(answer);
    else call.mockResolvedValueOnce(answer);
  }
  const events = new EventTarget();
  const on = (event: string, listener: (detail: unknown) => void) => {
    const heard = (happened: Event): void => listener((happened as CustomEvent).detail);
    events.addEventListener(event, heard);
    return () => events.removeEventListener(event, heard);
  };
  const emit = (event: string, detail: unknown): void => {
    events.dispatchEvent(new CustomEvent(event, { detail }));
  };
  const chat = { role: "customer", call, on } as unknown as Chat;
  const live = { chat, account: signal(12) } as unknown as LiveChat;
  const list = createRoomListStore(live, options);
  return { call, emit, list, ids: () => list.rows.value?.map(({ id }) => id) };
};

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("document", new EventTarget());
  vi.stubGlobal("addEventListener", vi.fn());
  vi.stubGlobal("removeEventListener", vi.fn());
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a list loads its first page and the number of unread messages", async () => {
  const { ids, list } = listWith([page([row(1, 9), row(2, 8)], "after 2", 5)]);
  await vi.advanceTimersByTimeAsync(0);
  expect(ids()).toEqual([1, 2]);
  expect(list.hasMore.value).toBe(true);
  expect(unread.value).toBe(5);
});

test("a push reorders at once, and several pushes cause one refresh", async () => {
  const { call, emit, ids } = listWith([
    page([row(1, 9), row(2, 8)]),
    page([{ ...row(2, 59, 2), lastSeq: 5 }, row(1, 9)], null, 2),
  ]);
  await vi.advanceTimersByTimeAsync(0);
  emit("message", push(2, 4));
  expect(ids()).toEqual([2, 1]);
  expect(unread.value).toBe(1);
  emit("message", push(2, 5));
  await vi.advanceTimersByTimeAsync(2_000);
  expect(call).toHaveBeenCalledTimes(2);
  expect(unread.value).toBe(2);
});

test("refreshes are at least a second apart", async () => {
  const { call, emit } = listWith([]);
  call.mockImplementation(async () => page([row(1, 9)]));
  await vi.advanceTimersByTimeAsync(5_000);
  for (let pushes = 0; pushes < 30; pushes++) {
    emit("message", push(1, 4 + pushes));
    await vi.advanceTimersByTimeAsync(100);
  }
  await vi.advanceTimersByTimeAsync(2_000);
  expect(call.mock.calls.length).toBeGreaterThanOrEqual(4);
  expect(call.mock.calls.length).toBeLessThanOrEqual(5);
});

test("a push during a slow refresh causes another refresh", async () => {
  const { call, emit } = listWith([page([row(1, 9)])]);
  await vi.advanceTimersByTimeAsync(5_000);
  let answer: (value: unknown) => void = () => {};
  call.mockReturnValueOnce(
    new Promise((resolve) => {
      answer = resolve;
    }),
  );
  emit("message", push(1, 4));
  await vi.advanceTimersByTimeAsync(2_000);
  emit("message", push(1, 5));
  await vi.advanceTimersByTimeAsync(2_000);
  expect(call).toHaveBeenCalledTimes(2);
  call.mockResolvedValue(page([row(1, 59, 2)]));
  answer(page([row(1, 59, 1)]));
  await vi.advanceTimersByTimeAsync(2_000);
  expect(call).toHaveBeenCalledTimes(3);
});

test("a new connection fetches down to a row that has not changed", async () => {
  const changed = { ...row(2, 50), lastSeq: 9 };
  const { call, emit, ids } = listWith([
    page([row(1, 9), row(2, 8)], "after 2"),
    page([row(5, 58), changed], "after changed"),
    page([row(1, 9)], "after 1"),
  ]);
  await vi.advanceTimersByTimeAsync(0);
  emit("connection", "open");
  await vi.advanceTimersByTimeAsync(0);
  expect(ids()).toEqual([5, 2, 1]);
  expect(call.mock.calls[2]?.[1].query).toEqual({ cursor: "after changed" });
});

test("the open room stays in a filtered list until it is left", async () => {
  const { ids, list } = listWith([page([row(1, 9, 1), row(2, 8, 1)]), page([row(1, 9, 1)])], {
    filter: "unread",
  });
  await vi.advanceTimersByTimeAsync(0);
  list.setCurrent(2);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(ids()).toEqual([1, 2]);
  list.close();
  const left = listWith([page([row(1, 9, 1), row(2, 8, 1)]), page([row(1, 9, 1)])], {
    filter: "unread",
  });
  await vi.advanceTimersByTimeAsync(0);
  left.list.setCurrent(1);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(left.ids()).toEqual([1]);
});

test("a page that failed is loaded again by itself", async () => {
  const failure = new ChatError({ code: "network", message: "" });
  const { ids, list } = listWith([page([row(1, 9)], "after 1"), failure, page([row(2, 8)])]);
  await vi.advanceTimersByTimeAsync(0);
  list.loadMore();
  await vi.advanceTimersByTimeAsync(0);
  expect(list.error.value).toBe(failure);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(list.error.value).toBeUndefined();
  expect(ids()).toEqual([1, 2]);
});

test("a closed list reacts to nothing", async () => {
  const { call, emit, list } = listWith([page([row(1, 9)])]);
  await vi.advanceTimersByTimeAsync(0);
  list.close();
  emit("message", push(1, 4));
  emit("connection", "open");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(call).toHaveBeenCalledTimes(1);
  expect(list.rows.value).toEqual([row(1, 9)]);
});

test("rooms with messages that could not be sent are marked until they are gone", async () => {
  const { emit, list } = listWith([page([row(1, 9)])]);
  const room = { id: 1, messages: [], readSeq: 0, pending: [{ state: "failed" }] };
  emit("room", room);
  expect([...list.failed.value]).toEqual([1]);
  emit("room", { ...room, pending: [] });
  expect([...list.failed.value]).toEqual([]);
});
