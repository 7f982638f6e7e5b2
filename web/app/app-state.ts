/** What outlives a page of the app, so that the Back button finds lists as they were. */

import { effect, type ReadonlySignal, signal } from "@preact/signals";
import type { LiveChat } from "../ui/chat.js";
import { unread } from "../ui/page.js";
import { createRoomListStore, type RoomListStore } from "../ui/room-list-store.js";
import { createDirectory, type Directory } from "./directory-store.js";

export interface AppState {
  readonly live: LiveChat;
  readonly directory: Directory;
  /** The rooms of the account, while one is logged in or its session has expired. */
  readonly rooms: ReadonlySignal<RoomListStore | undefined>;
}

export const createAppState = (live: LiveChat): AppState => {
  const rooms = signal<RoomListStore | undefined>(undefined);
  effect(() => {
    if (!live.account.value) return;
    const store = createRoomListStore(live);
    rooms.value = store;
    return () => {
      store.close();
      rooms.value = undefined;
      unread.value = 0;
    };
  });
  return { live, directory: createDirectory(live), rooms };
};
