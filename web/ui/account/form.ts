/** The state of a form that calls the API: whether it is under way, and what was wrong. */

import { ChatError } from "@chatchat/client";
import { batch, type ReadonlySignal, signal } from "@preact/signals";
import { errorText } from "../error-text.js";
import { fieldProblem } from "./problems.js";

/** What is wrong with each field, by its name. */
export type Problems = Readonly<Record<string, string>>;

/** What the user typed, by the name of the field. */
export type Values = Readonly<Record<string, string>>;

/** How a form shows an error. */
export interface Explanation {
  /** Above the fields. */
  message?: string;
  problems?: Problems;
  /** The field that gets the focus; the summary without it. */
  focus?: string;
}

export interface FormState {
  readonly isBusy: ReadonlySignal<boolean>;
  /** A new object after each failure. */
  readonly failure: ReadonlySignal<Explanation | undefined>;
  /** The seconds until the server allows another attempt. */
  readonly wait: ReadonlySignal<number>;
  /** Runs the call, unless one is under way, a field is wrong, or the server asked to wait. */
  submit(problems: Problems, call: () => Promise<void>): Promise<void>;
  close(): void;
}

/** Sorts out an error for which the form has no words of its own. */
const general = (error: unknown): Explanation => {
  const fields = (error instanceof ChatError && error.fields) || [];
  return fields.length
    ? { problems: Object.fromEntries(fields.map((wrong) => [wrong.field, fieldProblem(wrong)])) }
    : { message: errorText(error) };
};

/** Creates the state of a form. `explain` has the form's own words for an error. */
export const createForm = (
  explain: (error: ChatError) => Explanation | undefined = () => undefined,
): FormState => {
  const isBusy = signal(false);
  const failure = signal<Explanation>();
  const wait = signal(0);
  let timer: ReturnType<typeof setInterval> | undefined;

  const countDown = (seconds: number): void => {
    clearInterval(timer);
    const end = performance.now() + seconds * 1_000;
    wait.value = seconds;
    timer = setInterval(() => {
      wait.value = Math.max(0, Math.ceil((end - performance.now()) / 1_000));
      if (wait.value) return;
      clearInterval(timer);
      failure.value = undefined;
    }, 250);
  };

  return {
    isBusy,
    wait,
    failure,
    submit: async (problems, call) => {
      if (isBusy.value || wait.value) return;
      if (Object.keys(problems).length) {
        failure.value = { problems };
        return;
      }
      batch(() => {
        isBusy.value = true;
        failure.value = undefined;
      });
      try {
        await call();
      } catch (error) {
        const known = error instanceof ChatError ? error : undefined;
        failure.value = (known && explain(known)) ?? general(error);
        if (known?.code === "too_many_attempts" && known.retryAfter) countDown(known.retryAfter);
      } finally {
        isBusy.value = false;
      }
    },
    close: () => clearInterval(timer),
  };
};
