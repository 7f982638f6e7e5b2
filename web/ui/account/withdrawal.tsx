/** Closes the account. Lists the consequences, and asks for the password and a confirmation. */

import { useSignal } from "@preact/signals";
import type { LiveChat } from "../chat.js";
import { Dialog } from "../dialog.js";
import { Field } from "../field.js";
import { text } from "../text/index.js";
import { toast } from "../toast.js";
import { AccountForm } from "./account-form.js";
import { CHECKS, problemsOf } from "./problems.js";

export interface WithdrawalProps {
  live: LiveChat;
  /** Called after the account was closed. */
  onDone: () => void;
}

export const Withdrawal = ({ live, onDone }: WithdrawalProps) => {
  const words = text.account;
  const isCompany = live.chat.role === "company";
  /** Resolves the promise of `confirm`; undefined while the dialog is closed. */
  const decide = useSignal<((isConfirmed: boolean) => void) | undefined>(undefined);
  const answer = (isConfirmed: boolean): void => {
    decide.value?.(isConfirmed);
    decide.value = undefined;
  };
  const confirm = (): Promise<boolean> =>
    new Promise((resolve) => {
      decide.value = resolve;
    });
  const withdraw = async (password: string): Promise<void> => {
    const route = isCompany ? "DELETE /companies/me" : "DELETE /customers/me";
    await live.chat.call(route, { body: { password } });
    toast(words.withdrawn);
    onDone();
  };
  const { deleted, kept } = isCompany ? words.companyLeaves : words.customerLeaves;
  return (
    <>
      <dl class="consequences">
        <dt>{words.deletedTitle}</dt>
        {deleted.map((line) => (
          <dd key={line}>{line}</dd>
        ))}
        <dt>{words.keptTitle}</dt>
        {kept.map((line) => (
          <dd key={line}>{line}</dd>
        ))}
      </dl>
      <AccountForm
        action={words.withdraw}
        isDangerous
        check={(values) => problemsOf(CHECKS.withdrawal, values)}
        confirm={confirm}
        send={({ password = "" }) => withdraw(password)}
        explain={({ code }) =>
          code === "wrong_password" ? { problems: { password: words.wrongPassword } } : undefined
        }
        labels={words.fields}
      >
        {(problems) => (
          <Field
            label={words.fields.password}
            name="password"
            type="password"
            autocomplete="current-password"
            error={problems.password}
          />
        )}
      </AccountForm>
      {decide.value && (
        <Dialog
          title={words.withdrawQuestion}
          action={words.withdraw}
          isDangerous
          onAction={() => answer(true)}
          onClose={() => answer(false)}
        >
          <p>{words.withdrawFinal}</p>
        </Dialog>
      )}
    </>
  );
};
