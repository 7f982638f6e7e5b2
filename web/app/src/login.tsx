/** The login of one role: its state, and the form or the button that changes it. */

import { ChatError, createChat, type Role } from "@chatchat/client";
import { signal } from "@preact/signals";
import type { TargetedSubmitEvent } from "preact";
import type { ko } from "./texts.js";

/** A chat whose state the page follows. */
export const observe = (role: Role, language: string) => {
  const chat = createChat({ role, language });
  const session = signal(chat.session);
  const connection = signal(chat.connection);
  const error = signal("");
  chat.on("session", (state) => {
    session.value = state;
    error.value = "";
  });
  chat.on("connection", (state) => {
    connection.value = state;
  });
  chat.connect();
  return { chat, session, connection, error, busy: signal(false) };
};

/** Why a login or a logout failed, for a person to read. */
const reason = (failure: unknown, texts: typeof ko): string => {
  if (!(failure instanceof ChatError) || failure.status === 0) return texts.unreachable;
  return failure.code === "login_failed" ? texts.loginFailed : failure.message;
};

type Props = { login: ReturnType<typeof observe>; texts: typeof ko };

export const Login = ({ login, texts }: Props) => {
  const { chat, session, connection, error, busy } = login;
  const id = (part: string) => `${chat.role}-${part}`;

  /** Changes the session. The focus moves to the heading, because the form or the button goes away. */
  const change = async (section: Element | null, changed: Promise<void>, refused: () => void) => {
    busy.value = true;
    error.value = "";
    try {
      await changed;
      section?.querySelector("h2")?.focus();
    } catch (failure) {
      error.value = reason(failure, texts);
      refused();
    } finally {
      busy.value = false;
    }
  };

  const logIn = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const field = (name: string) => String(new FormData(form).get(name));
    const refused = () => form.querySelector<HTMLInputElement>("[type=password]")?.select();
    if (busy.value) return;
    const loggedIn = chat.logIn(field("username"), field("password"));
    change(form.closest("section"), loggedIn, refused);
  };

  const logOut = (event: { currentTarget: Element }) => {
    if (!busy.value) change(event.currentTarget.closest("section"), chat.logOut(), () => {});
  };

  const loggedIn = session.value === "loggedIn";
  const network = loggedIn || connection.value === "offline" ? connection.value : "closed";
  return (
    <section aria-labelledby={id("heading")}>
      <h2 id={id("heading")} tabIndex={-1}>
        {texts[chat.role]}
      </h2>
      <p role="status" class={session.value}>
        {texts[session.value]} {network !== "closed" && texts[network]}
      </p>
      {loggedIn && (
        <button type="button" onClick={logOut}>
          {texts.logOut}
        </button>
      )}
      {(session.value === "loggedOut" || session.value === "expired") && (
        <form onSubmit={logIn}>
          <label for={id("username")}>{texts.username}</label>
          <input
            id={id("username")}
            name="username"
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            required
          />
          <label for={id("password")}>{texts.password}</label>
          <input
            id={id("password")}
            name="password"
            type="password"
            autocomplete="current-password"
            required
          />
          <button type="submit">{texts.logIn}</button>
        </form>
      )}
      <p role="alert">{error}</p>
    </section>
  );
};
