/** Calls that change the FAQ, and also the list that the desk shows. */

import { ChatError } from "@chatchat/client";
import { toast } from "../../ui/toast.js";
import type { DeskState, EntryText, FaqEntry } from "../desk-state.js";
import { text } from "../text/index.js";

const hasCode = (error: unknown, code: ChatError["code"]): boolean =>
  error instanceof ChatError && error.code === code;

export const createFaqStore = ({ live: { chat }, faq }: DeskState) => {
  const update = (change: (entries: FaqEntry[]) => FaqEntry[]): void => {
    faq.value.value = change(faq.value.peek() ?? []);
  };
  /** Reloads the list if another window has deleted the entry; throws any other error. */
  const acceptGone = (error: unknown): void => {
    if (!hasCode(error, "auto_reply_not_found")) throw error;
    toast(text.faq.isGone);
    faq.reload();
  };
  return {
    /** @throws ChatError `faq_limit_reached` if another window has added the sixth entry */
    create: async (body: EntryText): Promise<void> => {
      try {
        const { id } = await chat.call("POST /company/auto-replies", { body });
        update((entries) => [...entries, { id, ...body }]);
        toast(text.faq.saved);
      } catch (error) {
        if (hasCode(error, "faq_limit_reached")) faq.reload();
        throw error;
      }
    },
    change: async (id: number, body: EntryText): Promise<void> => {
      try {
        await chat.call("PATCH /company/auto-replies/{id}", { path: { id }, body });
        update((entries) => entries.map((entry) => (entry.id === id ? { id, ...body } : entry)));
        toast(text.faq.saved);
      } catch (error) {
        acceptGone(error);
      }
    },
    remove: async (id: number): Promise<void> => {
      try {
        await chat.call("DELETE /company/auto-replies/{id}", { path: { id } });
        update((entries) => entries.filter((entry) => entry.id !== id));
        toast(text.faq.removed);
      } catch (error) {
        acceptGone(error);
      }
    },
  };
};
