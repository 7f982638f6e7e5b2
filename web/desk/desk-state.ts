/** What the desk knows of the company that is logged in. Another login creates another one. */

import type { Answer, ChatError } from "@chatchat/client";
import { effect, type ReadonlySignal, signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { LiveChat } from "../ui/chat.js";
import { createInboxState, type InboxState } from "./inbox/inbox-state.js";

export type CompanyProfile = Answer<"GET /companies/me">;
export type FaqEntry = Answer<"GET /company/auto-replies">["autoReplies"][number];

/** A value that comes from the server. */
export interface Loaded<T> {
  /** Undefined until it is loaded. A change that was saved is put here. */
  readonly value: ReadonlySignal<T | undefined>;
  /** Why the last attempt failed. */
  readonly error: ReadonlySignal<ChatError | undefined>;
  /** Fetches it, again if it is there already. */
  load(): Promise<void>;
  set(value: T): void;
}

export interface DeskState {
  readonly live: LiveChat;
  readonly company: Loaded<CompanyProfile>;
  readonly faq: Loaded<FaqEntry[]>;
  readonly inbox: InboxState;
  /** Ends what it does in the background. */
  close(): void;
}

const createLoaded = <T>(live: LiveChat, fetch: () => Promise<T>): Loaded<T> & { end(): void } => {
  const value = signal<T | undefined>(undefined);
  const error = signal<ChatError | undefined>(undefined);
  let attempt = 0;
  const load = async (): Promise<void> => {
    attempt += 1;
    const own = attempt;
    try {
      const loaded = await fetch();
      if (own !== attempt) return;
      value.value = loaded;
      error.value = undefined;
    } catch (failure) {
      if (own === attempt) error.value = failure as ChatError;
    }
  };
  const end = effect(() => {
    if (live.connection.value === "open" && error.peek()?.transient) void load();
  });
  return {
    value,
    error,
    load,
    set: (next) => {
      // A response that is under way is older than this.
      attempt += 1;
      value.value = next;
    },
    end,
  };
};

export const createDeskState = (live: LiveChat): DeskState => {
  const { chat } = live;
  const company = createLoaded(live, () => chat.call("GET /companies/me"));
  const faq = createLoaded(live, async () => {
    return (await chat.call("GET /company/auto-replies")).autoReplies;
  });
  const inbox = createInboxState(live);
  void company.load();
  void faq.load();
  return {
    live,
    company,
    faq,
    inbox,
    close: () => {
      company.end();
      faq.end();
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
