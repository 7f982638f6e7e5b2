/** The list of rooms in the inbox. It stays loaded on other pages to count the unread messages. */

import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { LiveChat } from "../../ui/chat.js";
import { createRoomListStore, type RoomListStore } from "../../ui/room-list-store.js";
import { unread } from "../../ui/unread.js";

export type Filter = "all" | "unread" | "unanswered";

export interface InboxState {
  readonly filter: Signal<Filter>;
  /** A part of the customer's name; empty for all. */
  readonly keyword: Signal<string>;
  readonly store: ReadonlySignal<RoomListStore>;
  /** Whether the company has any room; undefined until the first list has loaded. */
  readonly hasRooms: ReadonlySignal<boolean | undefined>;
  close(): void;
}

export const createInboxState = (live: LiveChat): InboxState => {
  const filter = signal<Filter>("all");
  const keyword = signal("");
  const hasRooms = signal<boolean | undefined>(undefined);
  const wanted = computed(() => ({
    filter: filter.value === "all" ? undefined : filter.value,
    keyword: keyword.value.trim() || undefined,
  }));
  const store = signal(createRoomListStore(live));
  let isFirst = true;
  const disposers = [
    effect(() => {
      const options = wanted.value;
      if (isFirst) {
        isFirst = false;
        return;
      }
      store.peek().close();
      store.value = createRoomListStore(live, options);
    }),
    effect(() => {
      const rows = store.value.rows.value;
      const { filter, keyword } = wanted.peek();
      if (rows?.length) hasRooms.value = true;
      else if (rows && !filter && !keyword) hasRooms.value = false;
    }),
  ];
  return {
    filter,
    keyword,
    store,
    hasRooms,
    close: () => {
      for (const dispose of disposers) dispose();
      store.peek().close();
      unread.value = 0;
    },
  };
};
