/** The state of a form that calls the API: whether a call is under way, and what was wrong. */

import { ChatError } from "@chatchat/client";
import { batch, type ReadonlySignal, signal } from "@preact/signals";
import { errorText } from "../error-text.js";
import { fieldProblem, type Problems } from "./problems.js";

/** How a form shows an error. */
export interface Explanation {
  /** The text above the fields. */
  message?: string;
  problems?: Problems;
  /** The field that gets the focus; by default the summary. */
  focus?: string;
}

export interface FormState {
  readonly isBusy: ReadonlySignal<boolean>;
  /** A new object after each failure. */
  readonly failure: ReadonlySignal<Explanation | undefined>;
  /** The problems of the failure, without those of fields that were edited since. */
  readonly problems: ReadonlySignal<Problems>;
  /** The seconds until the server allows another attempt. */
  readonly wait: ReadonlySignal<number>;
  /** Runs the call, unless one is under way, a field has a problem, or the server asked to wait. */
  submit(problems: Problems, call: () => Promise<void>): Promise<void>;
  /** Removes the problem of a field that was edited. */
  edited(name: string): void;
  close(): void;
}

/** Explains an error that the form does not explain itself. */
const general = (error: unknown): Explanation => {
  const fields = (error instanceof ChatError && error.fields) || [];
  return fields.length
    ? { problems: Object.fromEntries(fields.map((wrong) => [wrong.field, fieldProblem(wrong)])) }
    : { message: errorText(error) };
};

/** Creates the state of a form. `explain` returns the form's own text for an error. */
export const createForm = (
  explain: (error: ChatError) => Explanation | undefined = () => undefined,
): FormState => {
  const isBusy = signal(false);
  const failure = signal<Explanation | undefined>(undefined);
  const problems = signal<Problems>({});
  const wait = signal(0);
  let timer: ReturnType<typeof setInterval> | undefined;

  const fail = (explanation: Explanation | undefined): void => {
    batch(() => {
      failure.value = explanation;
      problems.value = explanation?.problems ?? {};
    });
  };

  const countDown = (seconds: number): void => {
    clearInterval(timer);
    const end = performance.now() + seconds * 1_000;
    wait.value = seconds;
    timer = setInterval(() => {
      wait.value = Math.max(0, Math.ceil((end - performance.now()) / 1_000));
      if (wait.value) return;
      clearInterval(timer);
      fail(undefined);
    }, 250);
  };

  return {
    isBusy,
    wait,
    failure,
    problems,
    submit: async (wrong, call) => {
      if (isBusy.value || wait.value) return;
      if (Object.keys(wrong).length) return fail({ problems: wrong });
      fail(undefined);
      isBusy.value = true;
      try {
        await call();
      } catch (error) {
        const known = error instanceof ChatError ? error : undefined;
        fail((known && explain(known)) ?? general(error));
        if (/^too_many/.test(known?.code ?? "") && known?.retryAfter) countDown(known.retryAfter);
      } finally {
        isBusy.value = false;
      }
    },
    edited: (name) => {
      if (!(name in problems.value)) return;
      const { [name]: _, ...rest } = problems.value;
      problems.value = rest;
      if (!Object.keys(rest).length && !failure.value?.message) fail(undefined);
    },
    close: () => clearInterval(timer),
  };
};
