/** Changes the password of the account. The account's other sessions end. */

import { useSignal } from "@preact/signals";
import type { LiveChat } from "../chat.js";
import { Field } from "../field.js";
import { text } from "../text/index.js";
import { toast } from "../toast.js";
import { AccountForm } from "./account-form.js";
import { PasswordRules } from "./password-rules.js";
import { CHECKS, problemsOf } from "./problems.js";

export const PasswordForm = ({ live }: { live: LiveChat }) => {
  const words = text.account;
  const password = useSignal("");
  /** The number of changes. After each change, the form is created again with empty fields. */
  const changes = useSignal(0);
  const route =
    live.chat.role === "company" ? "PATCH /companies/me/password" : "PATCH /customers/me/password";
  return (
    <AccountForm
      key={changes.value}
      action={words.changePassword}
      check={(values) => problemsOf(CHECKS.password, values)}
      send={async ({ password: current = "", newPassword = "", confirmNewPassword = "" }) => {
        await live.chat.call(route, {
          body: { password: current, newPassword, confirmNewPassword },
        });
        password.value = "";
        changes.value++;
        toast(words.passwordChanged);
      }}
      explain={({ code }) => {
        if (code === "wrong_password") return { problems: { password: words.wrongPassword } };
        if (code === "password_unchanged") {
          return { problems: { newPassword: words.passwordUnchanged } };
        }
        return undefined;
      }}
      labels={{ ...words.fields, password: words.currentPassword }}
    >
      {(problems) => (
        <>
          <Field
            label={words.currentPassword}
            name="password"
            type="password"
            autocomplete="current-password"
            error={problems.password}
          />
          <Field
            label={words.fields.newPassword}
            name="newPassword"
            type="password"
            autocomplete="new-password"
            hint={<PasswordRules password={password.value} />}
            error={problems.newPassword}
            onInput={(typed) => {
              password.value = typed;
            }}
          />
          <Field
            label={words.fields.confirmNewPassword}
            name="confirmNewPassword"
            type="password"
            autocomplete="new-password"
            error={problems.confirmNewPassword}
          />
        </>
      )}
    </AccountForm>
  );
};
