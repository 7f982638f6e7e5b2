/** The state of the desk for the company that is logged in. Each login creates a new one. */

import type { Answer } from "@chatchat/client";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { LiveChat } from "../ui/chat.js";
import { createResource, type Resource } from "../ui/resource.js";
import { createInboxState, type InboxState } from "./inbox/inbox-state.js";

export type CompanyProfile = Answer<"GET /companies/me">;
export type FaqEntry = Answer<"GET /company/auto-replies">["autoReplies"][number];
/** The question and the answer of an entry. */
export type EntryText = Pick<FaqEntry, "question" | "answer">;

export interface DeskState {
  readonly live: LiveChat;
  readonly company: Resource<CompanyProfile>;
  readonly faq: Resource<FaqEntry[]>;
  readonly inbox: InboxState;
  /** Stops all loads, timers and listeners. */
  close(): void;
}

export const createDeskState = (live: LiveChat): DeskState => {
  const { chat } = live;
  const company = createResource((signal) => chat.call("GET /companies/me", { signal }));
  const faq = createResource(async (signal) => {
    return (await chat.call("GET /company/auto-replies", { signal })).autoReplies;
  });
  const inbox = createInboxState(live);
  return {
    live,
    company,
    faq,
    inbox,
    close: () => {
      company.close();
      faq.close();
      inbox.close();
    },
  };
};

export const DeskContext = createContext<DeskState | undefined>(undefined);

/** The state of the desk around a component. */
export const useDesk = (): DeskState => {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error("useDesk is called outside a DeskContext.Provider.");
  return desk;
};
