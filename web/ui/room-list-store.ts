/**
 * The rooms of the account, latest first. They are kept up to date while the account is logged in.
 */

import { ChatError } from "@chatchat/client";
import { batch, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { LiveChat } from "./chat.js";
import { createRetry } from "./retry.js";
import {
  extended,
  type RoomRow,
  type Rows,
  reachesKnown,
  refreshed,
  withMessage,
  withRoom,
} from "./room-list-merge.js";
import { unread } from "./unread.js";

export interface RoomListOptions {
  filter?: "unread" | "unanswered" | undefined;
  /** A part of the other side's name. */
  keyword?: string | undefined;
}

export interface RoomListStore {
  /** Undefined until the first page has loaded. */
  readonly rows: ReadonlySignal<readonly RoomRow[] | undefined>;
  /** Why the list, or its next page, could not be loaded. Transient errors are retried. */
  readonly error: ReadonlySignal<ChatError | undefined>;
  readonly hasMore: ReadonlySignal<boolean>;
  /** The ids of rooms with messages that could not be sent. */
  readonly failed: ReadonlySignal<ReadonlySet<number>>;
  /** Sets the open room, which stays in a filtered list until it is left. */
  setCurrent(id: number | undefined): void;
  /** Loads the next page, unless a load is under way. */
  loadMore(): void;
  /** Loads the first page again now. */
  refresh(): void;
  /** Removes a room that the user has left. Its next message brings it back. */
  remove(id: number): void;
  /** Stops the listeners and timers. */
  close(): void;
}

/** Messages that arrive within this time cause one refresh. */
const DEBOUNCE_MS = 300;
/** The shortest time between two refreshes. */
const PAUSE_MS = 1_000;

export const createRoomListStore = (
  live: LiveChat,
  { filter, keyword }: RoomListOptions = {},
): RoomListStore => {
  const { chat } = live;
  const rows = signal<readonly RoomRow[] | undefined>(undefined);
  const next = signal<string | null>(null);
  const error = signal<ChatError | undefined>(undefined);
  const hasMore = signal(false);
  const failed = signal<ReadonlySet<number>>(new Set());
  const life = new AbortController();
  /** The rooms that were opened. A new room is not in the list before a refresh. */
  const opened = new Set<number>();
  let current: number | undefined;
  let running: "refresh" | "more" | undefined;
  let isStale = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastRefresh = Number.NEGATIVE_INFINITY;
  let failedKind: "refresh" | "more" = "refresh";
  const retry = createRetry(() => void run(failedKind));

  const fetchPage = async (cursor: string | null): Promise<Rows> => {
    const query = {
      ...(filter && { filter }),
      ...(keyword && { keyword }),
      ...(cursor && { cursor }),
    };
    const input = { query, signal: life.signal };
    const answer = await (chat.role === "company"
      ? chat.call("GET /company/chatrooms", input)
      : chat.call("GET /customer/chatrooms", input));
    unread.value = answer.unreadTotal;
    return { rows: answer.chatRooms, next: answer.next };
  };

  const show = (shown: Rows): void => {
    batch(() => {
      rows.value = shown.rows;
      next.value = shown.next;
      hasMore.value = shown.next !== null;
      error.value = undefined;
    });
  };

  /** Fetches pages from the top, down to a known row that has not changed. */
  const fetchTop = async (): Promise<void> => {
    let fetched = await fetchPage(null);
    while (rows.value?.length && !reachesKnown({ rows: rows.value, next: null }, fetched)) {
      fetched = extended(fetched, await fetchPage(fetched.next));
    }
    show(refreshed({ rows: rows.value ?? [], next: next.value }, fetched, current));
  };

  const run = async (kind: "refresh" | "more"): Promise<void> => {
    if (kind === "refresh") isStale = true;
    if (running || life.signal.aborted || !live.account.value) return;
    running = kind;
    clearTimeout(timer);
    timer = undefined;
    try {
      if (kind === "refresh") {
        isStale = false;
        lastRefresh = performance.now();
        await fetchTop();
      } else {
        const known = { rows: rows.value ?? [], next: next.value };
        show(extended(known, await fetchPage(known.next)));
      }
      retry.succeeded();
    } catch (caught) {
      if (life.signal.aborted || !(caught instanceof ChatError)) return;
      // The page asks for a login. The connection then opens, and the list is loaded again.
      if (caught.code === "unauthenticated") return;
      failedKind = kind;
      if (retry.failed(caught)) error.value = caught;
    } finally {
      running = undefined;
    }
    if (isStale) schedule();
  };

  const schedule = (): void => {
    if (timer || life.signal.aborted) return;
    const wait = Math.max(DEBOUNCE_MS, lastRefresh + PAUSE_MS - performance.now());
    timer = setTimeout(() => {
      timer = undefined;
      void run("refresh");
    }, wait);
  };

  const change = (changed: readonly RoomRow[] | undefined): void => {
    if (!changed || changed === rows.value) return;
    const count = (list: readonly RoomRow[] = []): number =>
      list.reduce((sum, { unreadMessageCount }) => sum + unreadMessageCount, 0);
    unread.value = Math.max(0, unread.value + count(changed) - count(rows.value));
    rows.value = changed;
  };

  const listeners = [
    chat.on("message", (frame) => {
      change(rows.value && withMessage(rows.value, frame));
      schedule();
    }),
    // An own message brings back a room that the user has left.
    chat.on("ack", ({ roomId }) => {
      if (!rows.value?.some(({ id }) => id === roomId)) schedule();
    }),
    chat.on("room", (room) => {
      change(rows.value && withRoom(rows.value, room));
      if (room.receiver && rows.value && !opened.has(room.id)) {
        opened.add(room.id);
        if (!rows.value.some(({ id }) => id === room.id)) schedule();
      }
      const hasFailed = room.pending.some(({ state }) => state === "failed");
      if (hasFailed === failed.value.has(room.id)) return;
      const ids = new Set(failed.value);
      if (hasFailed) ids.add(room.id);
      else ids.delete(room.id);
      failed.value = ids;
    }),
    chat.on("read", ({ readerId }) => {
      if (readerId === live.account.value) schedule();
    }),
    chat.on("connection", (state) => {
      if (state === "open") void run("refresh");
    }),
    effect(() => {
      if (live.account.value) void run("refresh");
    }),
  ];
  const whenVisible = (): void => {
    if (document.visibilityState === "visible") schedule();
  };
  document.addEventListener("visibilitychange", whenVisible, { signal: life.signal });

  return {
    rows,
    error,
    hasMore,
    failed,
    setCurrent: (id) => {
      if (id === current) return;
      current = id;
      if (filter) schedule();
    },
    loadMore: () => {
      if (hasMore.value) void run("more");
    },
    refresh: () => void run("refresh"),
    remove: (id) => {
      change(rows.value?.filter((row) => row.id !== id));
      // A refresh that began before would show the room again.
      schedule();
    },
    close: () => {
      life.abort();
      retry.close();
      clearTimeout(timer);
      for (const remove of listeners) remove();
    },
  };
};
