/** State that outlives the pages, so that lists are unchanged after the Back button. */

import { effect, type ReadonlySignal, signal } from "@preact/signals";
import type { LiveChat } from "../ui/chat.js";
import { createRoomListStore, type RoomListStore } from "../ui/room-list-store.js";
import { store } from "../ui/stored.js";
import { unread } from "../ui/unread.js";
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
    const session = live.session.value;
    if (session === "loggedIn") store("logged-in", "1");
    else if (session === "loggedOut") store("logged-in", null);
  });
  effect(() => {
    if (!live.account.value) return;
    const list = createRoomListStore(live);
    rooms.value = list;
    return () => {
      list.close();
      rooms.value = undefined;
      unread.value = 0;
    };
  });
  return { live, directory: createDirectory(live), rooms };
};
