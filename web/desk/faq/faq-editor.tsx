/** The fields of an FAQ entry, with a preview of what is typed. */

import { type Signal, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { createForm } from "../../ui/account/form.js";
import type { Problems } from "../../ui/account/problems.js";
import { Field } from "../../ui/field.js";
import { lengthOf, MAX, trimmed } from "../../ui/limits.js";
import { text as shared } from "../../ui/text/index.js";
import type { EntryText } from "../desk-state.js";
import { text } from "../text/index.js";
import { FaqPreview } from "./faq-preview.js";

export interface FaqEditorProps {
  initial: EntryText;
  /** The editor sets it to whether there are unsaved changes. */
  isDirty: Signal<boolean>;
  /** Saves the entry. */
  onSave: (entry: EntryText) => Promise<void>;
  /** Called after the entry was saved, or when the user cancels. */
  onClose: () => void;
}

const FIELDS = ["question", "answer"] as const;

/** Joins lines. The API accepts one line, but a text area also accepts line breaks. */
const oneLine = (typed: string): string => typed.replace(/\s*[\r\n]+\s*/g, " ");

const problemsOf = (entry: EntryText): Problems =>
  Object.fromEntries(
    FIELDS.flatMap((field) => {
      const length = lengthOf(entry[field]);
      if (!length) return [[field, text.faq.required]];
      return length > MAX[field] ? [[field, text.faq.tooLong(MAX[field])]] : [];
    }),
  );

export const FaqEditor = ({ initial, isDirty, onSave, onClose }: FaqEditorProps) => {
  const form = useMemo(
    () =>
      createForm(({ code }) =>
        code === "faq_limit_reached" ? { message: text.faq.isFull } : undefined,
      ),
    [],
  );
  const element = useRef<HTMLFormElement>(null);
  const typed = useSignal<EntryText>({ question: initial.question, answer: initial.answer });
  useEffect(() => {
    const first = initial.question ? "textarea" : "input";
    // A suggestion has its question already.
    element.current?.querySelector<HTMLElement>(initial.answer ? "input" : first)?.focus();
    return form.close;
  }, [form]);
  useSignalEffect(() => {
    const { question, answer } = typed.value;
    isDirty.value = question !== initial.question || answer !== initial.answer;
  });
  useSignalEffect(() => {
    if (!form.failure.value?.problems) return;
    requestAnimationFrame(() =>
      element.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus(),
    );
  });

  const type = (field: keyof EntryText) => (value: string) => {
    typed.value = { ...typed.value, [field]: oneLine(value) };
  };
  const { question, answer } = typed.value;
  const failure = form.failure.value;
  return (
    <form
      ref={element}
      class="faq-editor"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const entry = { question: trimmed(question), answer: trimmed(answer) };
        void form.submit(problemsOf(entry), async () => {
          await onSave(entry);
          onClose();
        });
      }}
    >
      <Field
        label={text.faq.question}
        name="question"
        limit={MAX.question}
        value={question}
        onInput={type("question")}
        error={failure?.problems?.question}
      />
      <Field
        label={text.faq.answer}
        name="answer"
        lines={3}
        limit={MAX.answer}
        value={answer}
        onInput={type("answer")}
        error={failure?.problems?.answer}
      />
      <section aria-label={text.faq.preview}>
        <p class="dim">{text.faq.preview}</p>
        <FaqPreview
          question={trimmed(question) || text.faq.previewQuestion}
          answer={trimmed(answer) || text.faq.previewAnswer}
        />
      </section>
      {failure?.message && (
        <p class="error" role="alert">
          {failure.message}
        </p>
      )}
      <div class="actions">
        <button type="submit" class="button button-primary" aria-disabled={form.isBusy.value}>
          {shared.save}
        </button>
        <button type="button" class="button" onClick={onClose}>
          {shared.cancel}
        </button>
      </div>
    </form>
  );
};
