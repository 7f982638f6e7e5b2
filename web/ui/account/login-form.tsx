/** Logs an account of the chat's role in. What follows depends on `live.session`. */

import { Link } from "wouter-preact";
import type { LiveChat } from "../chat.js";
import { Field } from "../field.js";
import { whileUnavailable } from "../retry.js";
import { text } from "../text/index.js";
import { AccountForm } from "./account-form.js";
import { CHECKS, problemsOf } from "./problems.js";

export interface LoginFormProps {
  live: LiveChat;
  /** The page that creates an account; without it there is no link. */
  joinHref?: string;
}

export const LoginForm = ({ live, joinHref }: LoginFormProps) => {
  const words = text.account;
  return (
    <>
      <AccountForm
        action={words.logIn}
        check={(values) => problemsOf(CHECKS.logIn, values)}
        send={({ username = "", password = "" }) =>
          whileUnavailable(() => live.chat.logIn(username, password))
        }
        explain={({ code }) =>
          code === "login_failed" ? { message: words.loginFailed, focus: "password" } : undefined
        }
        labels={words.fields}
      >
        {(problems) => (
          <>
            <Field
              label={words.fields.username}
              name="username"
              autocomplete="username"
              error={problems.username}
            />
            <Field
              label={words.fields.password}
              name="password"
              type="password"
              autocomplete="current-password"
              error={problems.password}
            />
          </>
        )}
      </AccountForm>
      {joinHref && (
        <Link href={joinHref} class="button button-wide">
          {words.join}
        </Link>
      )}
    </>
  );
};
