/** The FAQ of the company in a room, and the questions that the customer picks. */

import { ChatError } from "@chatchat/client";
import { type ReadonlySignal, signal } from "@preact/signals";
import type { LiveChat } from "../ui/chat.js";
import { errorText } from "../ui/error-text.js";
import { createRetry } from "../ui/retry.js";
import { store, stored } from "../ui/stored.js";
import { toast } from "../ui/toast.js";
import { text } from "./text/index.js";

export interface FaqEntry {
  id: number;
  question: string;
}

export interface Faq {
  /** Undefined until the FAQ is loaded. */
  readonly entries: ReadonlySignal<readonly FaqEntry[] | undefined>;
  /** The id of the entry whose answer is awaited. */
  readonly busy: ReadonlySignal<number | undefined>;
  readonly isOpen: ReadonlySignal<boolean>;
  /** Opens or closes the chips. The browser stores the choice. */
  toggle(): void;
  ask(entry: FaqEntry): Promise<void>;
  close(): void;
}

const STORAGE_KEY = "faq-closed";

export const createFaq = ({ chat }: LiveChat, roomId: number): Faq => {
  const entries = signal<readonly FaqEntry[] | undefined>(undefined);
  const busy = signal<number | undefined>(undefined);
  const isOpen = signal(stored(STORAGE_KEY) === null);
  const life = new AbortController();
  /** The client id of each question without an answer, by which the server recognises a repeat. */
  const asked = new Map<number, string>();
  let companyId: number | undefined;

  const room = () => chat.rooms.find(({ id }) => id === roomId);

  const load = async (): Promise<void> => {
    if (!companyId) return;
    try {
      const input = { query: { companyId }, signal: life.signal };
      const { autoReplies } = await chat.call("GET /auto-replies", input);
      retry.succeeded();
      entries.value = autoReplies;
    } catch (error) {
      if (life.signal.aborted) return;
      // A room is usable without the FAQ, so the error is not shown.
      entries.value ??= [];
      retry.failed(error as ChatError);
    }
  };
  const retry = createRetry(() => void load());

  /** The company is known when the room is loaded. */
  const find = (): void => {
    const receiver = room()?.receiver;
    if (!receiver) return;
    if (receiver.receiverDeleted) entries.value = [];
    else if (!companyId) {
      companyId = receiver.receiverId;
      void load();
    }
  };
  const removeListener = chat.on("room", ({ id }) => {
    if (id === roomId) find();
  });
  find();

  return {
    entries,
    busy,
    isOpen,
    toggle: () => {
      isOpen.value = !isOpen.value;
      store(STORAGE_KEY, isOpen.value ? null : "1");
    },
    ask: async ({ id }) => {
      if (busy.value !== undefined) return;
      busy.value = id;
      const clientMessageId = asked.get(id) ?? crypto.randomUUID();
      asked.set(id, clientMessageId);
      try {
        const { messages } = await chat.call("POST /auto-replies/{id}", {
          path: { id },
          body: { chatRoomId: roomId, clientMessageId },
        });
        asked.delete(id);
        room()?.receive(...messages);
      } catch (error) {
        const code = error instanceof ChatError ? error.code : undefined;
        if (!(error as ChatError).transient) asked.delete(id);
        if (code === "auto_reply_not_found") {
          toast(text.faq.gone);
          await load();
        } else {
          toast(errorText(error));
          if (code === "receiver_withdrawn" || code === "blocked") room()?.refresh();
        }
      } finally {
        busy.value = undefined;
      }
    },
    close: () => {
      life.abort();
      retry.close();
      removeListener();
    },
  };
};
