/** The state of one open room, as signals. */

import type { ChatError, Message, PendingMessage, Receiver, Room } from "@chatchat/client";
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { LiveChat } from "../chat.js";
import { countAfter, firstUnreadSeq, lastReadSeq, type RowContext } from "./rows.js";

export interface RoomStore {
  readonly room: Room;
  readonly account: number;
  readonly role: LiveChat["chat"]["role"];
  readonly connection: LiveChat["connection"];
  readonly messages: ReadonlySignal<readonly Message[]>;
  readonly pending: ReadonlySignal<readonly PendingMessage[]>;
  readonly receiver: ReadonlySignal<Receiver | undefined>;
  readonly error: ReadonlySignal<ChatError | undefined>;
  readonly isTyping: ReadonlySignal<boolean>;
  readonly rowContext: ReadonlySignal<RowContext>;
  /** Whether the list is scrolled to its end. It then stays at its end when messages arrive. */
  readonly isAtEnd: Signal<boolean>;
  /** How many messages of the other side arrived since the list was scrolled away from its end. */
  readonly newCount: ReadonlySignal<number>;
  readonly older: ReadonlySignal<"idle" | "loading" | "failed">;
  loadOlder(): Promise<void>;
  send(content: string): void;
  close(): void;
}

/** Opens a room of the account that is logged in. */
export const createRoomStore = (live: LiveChat, id: number, account: number): RoomStore => {
  const { chat, connection } = live;
  const room = chat.room(id);
  const messages = signal(room.messages);
  const pending = signal(room.pending);
  const receiver = signal(room.receiver);
  const receiverReadSeq = signal(room.receiverReadSeq);
  const error = signal(room.error);
  const isTyping = signal(room.receiverTyping);
  const isAtEnd = signal(true);
  const seenSeq = signal(0);
  const older = signal<"idle" | "loading" | "failed">("idle");
  /** The account's read marker and the newest seq when the room was loaded. */
  const opened = signal<{ readSeq: number; lastSeq: number } | undefined>(undefined);
  /** When each pending message was first shown, in milliseconds since 1970, by its client id. */
  const since = new Map<string, number>();

  let isOpened = false;
  const update = (): void => {
    if (room.receiver && !isOpened) {
      isOpened = true;
      // The client sets `readSeq` later in this task, and the list's first render moves the marker.
      queueMicrotask(() => {
        opened.value = { readSeq: room.readSeq, lastSeq: room.lastSeq };
      });
    }
    batch(() => {
      messages.value = room.messages;
      pending.value = room.pending;
      receiver.value = room.receiver;
      receiverReadSeq.value = room.receiverReadSeq;
      error.value = room.error;
      isTyping.value = room.receiverTyping;
      if (isAtEnd.value) seenSeq.value = room.lastSeq;
    });
  };
  update();
  const stopRoom = chat.on("room", (changed) => {
    if (changed === room) update();
  });
  const stopEnd = isAtEnd.subscribe((is) => {
    if (is) seenSeq.value = room.lastSeq;
  });
  let wasOffline = false;
  const stopConnection = connection.subscribe((state) => {
    if (state === "offline") wasOffline = true;
    if (state !== "open") return;
    // The next scroll may try again.
    if (older.peek() === "failed") older.value = "idle";
    // The client fetches missed messages itself, but does not learn of a withdrawal.
    if (wasOffline) room.refresh();
    wasOffline = false;
  });

  const pendingSince = (clientMessageId: string): number => {
    const at = since.get(clientMessageId) ?? Date.now();
    since.set(clientMessageId, at);
    return at;
  };
  const rowContext = computed(() => ({
    account,
    unreadSeq:
      opened.value &&
      firstUnreadSeq(messages.value, account, opened.value.readSeq, opened.value.lastSeq),
    lastReadSeq: lastReadSeq(messages.value, account, receiverReadSeq.value),
    pendingSince,
  }));

  return {
    room,
    account,
    role: chat.role,
    connection,
    messages,
    pending,
    receiver,
    error,
    isTyping,
    rowContext,
    isAtEnd,
    newCount: computed(() =>
      isAtEnd.value ? 0 : countAfter(messages.value, account, seenSeq.value),
    ),
    older,
    async loadOlder() {
      if (older.value === "loading" || !room.hasOlder) return;
      older.value = "loading";
      try {
        await room.loadOlder(50);
        older.value = "idle";
      } catch {
        older.value = "failed";
      }
    },
    send(content) {
      isAtEnd.value = true;
      room.send(content);
    },
    close() {
      stopRoom();
      stopEnd();
      stopConnection();
      room.close();
    },
  };
};
