/** A form of an account: a summary of its problems, its fields, and its button. */

import type { ChatError } from "@chatchat/client";
import { useSignalEffect } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { text } from "../text/index.js";
import { createForm, type Explanation } from "./form.js";
import type { Problems, Values } from "./problems.js";
import "./account.css";

export interface AccountFormProps {
  /** The label of the button: a verb. */
  action: string;
  isDangerous?: boolean;
  /** Checks all fields before the call. */
  check: (values: Values) => Problems;
  /** Asks the user before the call. Resolves to false if the user cancels. */
  confirm?: () => Promise<boolean>;
  /** Calls the API. */
  send: (values: Values) => Promise<void>;
  /** Returns the form's own text for an error. */
  explain?: (error: ChatError) => Explanation | undefined;
  /** The names of the fields, for the summary. */
  labels: Readonly<Record<string, string>>;
  /** Renders the fields with their problems. */
  children: (problems: Problems) => ComponentChildren;
}

const valuesOf = (form: HTMLFormElement): Values =>
  Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));

export const AccountForm = ({
  action,
  isDangerous,
  check,
  confirm,
  send,
  explain,
  labels,
  children,
}: AccountFormProps) => {
  const form = useMemo(() => createForm(explain), []);
  const element = useRef<HTMLFormElement>(null);
  const summary = useRef<HTMLDivElement>(null);
  useEffect(() => form.close, [form]);

  const focusField = (name: string): void => {
    element.current?.querySelector<HTMLElement>(`[name="${name}"]`)?.focus();
  };
  useSignalEffect(() => {
    const failed = form.failure.value;
    // The summary exists only after the next render.
    if (failed) {
      requestAnimationFrame(() =>
        failed.focus ? focusField(failed.focus) : summary.current?.focus(),
      );
    }
  });

  const failure = form.failure.value;
  const wait = form.wait.value;
  const problems = form.problems.value;
  const wrong = Object.keys(problems);
  const message = wait ? text.retryIn(wait) : failure?.message;
  const isBlocked = form.isBusy.value || wait > 0;
  const submit = async (values: Values): Promise<void> => {
    const found = check(values);
    const isAsked = confirm && !isBlocked && !Object.keys(found).length;
    if (!isAsked || (await confirm())) await form.submit(found, () => send(values));
  };
  return (
    <form
      ref={element}
      class="account-form"
      noValidate
      onInput={({ target }) => form.edited((target as HTMLInputElement).name)}
      onSubmit={(event) => {
        event.preventDefault();
        void submit(valuesOf(event.currentTarget));
      }}
    >
      {failure && (
        <div
          ref={summary}
          class="form-summary"
          // A screen reader would read out an alert with a countdown each second.
          role={wait ? undefined : "alert"}
          tabIndex={-1}
        >
          <p>{message ?? text.account.checkFields}</p>
          {wrong.length > 1 && (
            <ul>
              {wrong.map((name) => (
                <li key={name}>
                  <button type="button" class="summary-link" onClick={() => focusField(name)}>
                    {labels[name] ?? name}: {problems[name]}
                  </button>
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
      {children(problems)}
      <button
        type="submit"
        class={`button button-wide ${isDangerous ? "button-danger" : "button-primary"}`}
        aria-disabled={isBlocked}
        aria-busy={form.isBusy.value}
      >
        {form.isBusy.value ? text.account.busy : action}
      </button>
    </form>
  );
};
