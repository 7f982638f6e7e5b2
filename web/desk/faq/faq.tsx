/** `/desk/faq`: the company's FAQ, up to six entries, each edited in its place. */

import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { Dialog } from "../../ui/dialog.js";
import { errorText } from "../../ui/error-text.js";
import { MAX_FAQ } from "../../ui/limits.js";
import { Empty, Failed, Skeleton } from "../../ui/list-states.js";
import { Page } from "../../ui/page.js";
import { toast } from "../../ui/toast.js";
import { type EntryText, type FaqEntry, useDesk } from "../desk-state.js";
import { useLeaveGuard } from "../leave-guard.js";
import { text } from "../text/index.js";
import { FaqEditor } from "./faq-editor.js";
import { FaqPreview } from "./faq-preview.js";
import { createFaqStore } from "./faq-store.js";
import "./faq.css";

export const Faq = () => {
  const desk = useDesk();
  const { faq } = desk;
  const store = useMemo(() => createFaqStore(desk), [desk]);
  /** The entry that is edited, or the text that a new one begins with. */
  const edited = useSignal<number | EntryText | undefined>(undefined);
  const isDirty = useSignal(false);
  const removed = useSignal<FaqEntry | undefined>(undefined);
  const isRemoving = useSignal(false);
  const page = useRef<HTMLDivElement>(null);
  const entries = faq.value.value;
  const isFull = !!entries && entries.length >= MAX_FAQ;
  useLeaveGuard(isDirty.value);

  useEffect(() => {
    // Another device may have changed the FAQ.
    if (faq.value.peek()) faq.reload();
  }, [faq]);

  /** Moves the focus after the next render, when the element exists. */
  const focus = (selector: string): void => {
    requestAnimationFrame(() => page.current?.querySelector<HTMLElement>(selector)?.focus());
  };
  const close = (): void => {
    const was = edited.value;
    edited.value = undefined;
    isDirty.value = false;
    focus(typeof was === "number" ? `[data-entry="${was}"] .faq-edit` : ".faq-add");
  };
  const remove = async (id: number): Promise<void> => {
    isRemoving.value = true;
    try {
      await store.remove(id);
    } catch (error) {
      toast(errorText(error));
    } finally {
      isRemoving.value = false;
      removed.value = undefined;
      focus(".faq-add, .faq-editor [type=submit]");
    }
  };

  const addition = edited.value;
  return (
    <Page
      title={text.faq.title}
      head={entries && <span class="dim">{text.faq.count(entries.length)}</span>}
    >
      <p class="dim">{text.faq.intro}</p>
      <div class="faq-page" ref={page}>
        {!entries && faq.error.value && (
          <Failed title={errorText(faq.error.value)} onRetry={() => faq.reload()} />
        )}
        {!entries && !faq.error.value && <Skeleton rows={3} />}
        {entries && entries.length > 0 && (
          <ul class="faq-entries">
            {entries.map((entry) => (
              <li key={entry.id} class="card" data-entry={entry.id}>
                {edited.value === entry.id ? (
                  <FaqEditor
                    initial={entry}
                    isDirty={isDirty}
                    onSave={(body) => store.change(entry.id, body)}
                    onClose={close}
                  />
                ) : (
                  <Entry
                    entry={entry}
                    // One editor at a time, so that nothing unsaved is lost.
                    isEditable={edited.value === undefined}
                    onEdit={() => {
                      edited.value = entry.id;
                    }}
                    onRemove={() => {
                      removed.value = entry;
                    }}
                  />
                )}
              </li>
            ))}
          </ul>
        )}
        {entries && typeof addition === "object" && (
          <div class="card">
            <FaqEditor initial={addition} isDirty={isDirty} onSave={store.create} onClose={close} />
          </div>
        )}
        {entries?.length === 0 && addition === undefined && (
          <Empty title={text.faq.empty}>
            <p class="dim">{text.faq.emptyHint}</p>
            <div class="faq-ideas">
              {text.faq.ideas.map((question) => (
                <button
                  key={question}
                  type="button"
                  class="button"
                  onClick={() => {
                    edited.value = { question, answer: "" };
                  }}
                >
                  {question}
                </button>
              ))}
            </div>
          </Empty>
        )}
        {entries && addition === undefined && (
          <div class="faq-more">
            <button
              type="button"
              class="button button-wide faq-add"
              aria-disabled={isFull}
              aria-describedby={isFull ? "faq-full" : undefined}
              onClick={() => {
                if (!isFull) edited.value = { question: "", answer: "" };
              }}
            >
              {text.faq.add}
            </button>
            {isFull && (
              <p class="dim" id="faq-full">
                {text.faq.full}
              </p>
            )}
          </div>
        )}
      </div>
      {removed.value && (
        <Dialog
          title={text.faq.confirmRemoval(removed.value.question)}
          action={text.faq.remove}
          isDangerous
          isBusy={isRemoving.value}
          onAction={() => removed.value && void remove(removed.value.id)}
          onClose={() => {
            removed.value = undefined;
          }}
        >
          <p class="dim">{text.faq.removalHint}</p>
        </Dialog>
      )}
    </Page>
  );
};

interface EntryProps {
  entry: FaqEntry;
  isEditable: boolean;
  onEdit: () => void;
  onRemove: () => void;
}

const Entry = ({ entry, isEditable, onEdit, onRemove }: EntryProps) => (
  <>
    <FaqPreview question={entry.question} answer={entry.answer} />
    <div class="actions">
      <button
        type="button"
        class="button faq-edit"
        aria-label={text.faq.editNamed(entry.question)}
        disabled={!isEditable}
        onClick={onEdit}
      >
        {text.faq.edit}
      </button>
      <button
        type="button"
        class="button"
        aria-label={text.faq.removeNamed(entry.question)}
        onClick={onRemove}
      >
        {text.faq.remove}
      </button>
    </div>
  </>
);
