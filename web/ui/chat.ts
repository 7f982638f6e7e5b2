/** The client library's state as signals. Components that read it render again when it changes. */

import {
  type Chat,
  type ConnectionState,
  createChat,
  type Role,
  type SessionState,
} from "@chatchat/client";
import { batch, type ReadonlySignal, signal } from "@preact/signals";
import { store, stored } from "./stored.js";
import { language } from "./text/language.js";

/** A chat of one role. */
export interface LiveChat {
  readonly chat: Chat;
  readonly session: ReadonlySignal<SessionState>;
  readonly account: ReadonlySignal<number | undefined>;
  readonly connection: ReadonlySignal<ConnectionState>;
}

/** Creates the page's chat. Unsent messages and drafts stay in the browser. */
export const createLiveChat = (role: Role): LiveChat => {
  const chat = createChat({ role, language, keep: { load: stored, save: store } });
  const session = signal(chat.session);
  const account = signal(chat.account);
  const connection = signal(chat.connection);
  chat.on("session", () => {
    batch(() => {
      session.value = chat.session;
      account.value = chat.account;
    });
  });
  chat.on("connection", (state) => {
    connection.value = state;
  });
  return { chat, session, account, connection };
};
