/** Creates an account of the chat's role and logs it in. The pages react to `live.session`. */

import { ChatError } from "@chatchat/client";
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { LiveChat } from "../chat.js";
import { Field } from "../field.js";
import { MAX, trimmed } from "../limits.js";
import { whileUnavailable } from "../retry.js";
import { text } from "../text/index.js";
import { AccountForm } from "./account-form.js";
import { ConsentField } from "./consent-field.js";
import { PasswordRules } from "./password-rules.js";
import { CHECKS, problemsOf, type Values } from "./problems.js";

export const JoinForm = ({ live }: { live: LiveChat }) => {
  const words = text.account;
  const isCompany = live.chat.role === "company";
  const username = useSignal("");
  const password = useSignal("");
  /**
   * The username that an earlier attempt created, or may have created before its answer was lost.
   */
  const created = useRef<string | undefined>(undefined);

  const join = async (values: Values): Promise<void> => {
    const { name = "", username = "", password = "", confirmPassword = "" } = values;
    const body = { name, username, password, confirmPassword };
    const logIn = () => whileUnavailable(() => live.chat.logIn(username, password));
    try {
      await whileUnavailable(() =>
        live.chat.call(isCompany ? "POST /companies" : "POST /customers", { body }),
      );
      created.current = trimmed(username);
    } catch (error) {
      if (!(error instanceof ChatError)) throw error;
      if (error.transient) created.current = trimmed(username);
      if (error.code !== "username_taken" || created.current !== trimmed(username)) throw error;
      await logIn().catch((refused) => {
        throw refused.code === "login_failed" ? error : refused;
      });
      return;
    }
    await logIn();
  };

  const fields = { ...words.fields, name: isCompany ? words.companyName : words.fields.name };
  return (
    <AccountForm
      action={words.joinAction}
      check={(values) => problemsOf(CHECKS.join, values)}
      send={join}
      explain={({ code }) =>
        code === "username_taken" ? { problems: { username: words.usernameTaken } } : undefined
      }
      labels={fields}
    >
      {(problems) => (
        <>
          <Field
            label={fields.name}
            name="name"
            autocomplete={isCompany ? "organization" : "name"}
            limit={MAX.name}
            error={problems.name}
          />
          <Field
            label={fields.username}
            name="username"
            autocomplete="username"
            hint={words.usernameHint}
            error={problems.username}
            onInput={(typed) => {
              username.value = typed;
            }}
          />
          <Field
            label={fields.password}
            name="password"
            type="password"
            autocomplete="new-password"
            hint={<PasswordRules password={password.value} username={username.value} />}
            error={problems.password}
            onInput={(typed) => {
              password.value = typed;
            }}
          />
          <Field
            label={fields.confirmPassword}
            name="confirmPassword"
            type="password"
            autocomplete="new-password"
            error={problems.confirmPassword}
          />
          <ConsentField name="terms" error={problems.terms} />
          <ConsentField name="privacy" error={problems.privacy} />
        </>
      )}
    </AccountForm>
  );
};
