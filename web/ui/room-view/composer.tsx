/** The box in which the user writes, and the button that sends. */

import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useId, useMemo, useRef } from "preact/hooks";
import { MAX } from "../limits.js";
import { isTouch } from "../media.js";
import { text } from "../text/index.js";
import { type CannedSource, CannedState } from "./canned.js";
import { CannedList } from "./canned-list.js";
import { ComposerBox } from "./composer-box.js";
import { isBlank, messageLength } from "./length.js";
import type { RoomStore } from "./room-store.js";
import "./composer.css";

/** A text of at least this many characters shows a counter. */
const COUNTED_FROM = 1_800;

const number = (value: number): string => value.toLocaleString("en");

export const Composer = ({
  store,
  canned,
}: {
  store: RoomStore;
  canned?: CannedSource | undefined;
}) => {
  const id = useId();
  const element = useRef<HTMLTextAreaElement>(null);
  const box = useRef<ComposerBox>(undefined);
  const note = useRef<HTMLParagraphElement>(null);
  const source = useRef(canned);
  source.current = canned;
  const state = useMemo(() => new CannedState(), []);
  const content = useSignal(store.room.draft);
  useEffect(() => {
    const created = new ComposerBox(element.current!, {
      store,
      state,
      content,
      canned: () => source.current,
    });
    box.current = created;
    return () => created.close();
  }, [store]);

  // Renders again only when one of these changes, and not at each key.
  const isEmpty = useComputed(() => isBlank(content.value)).value;
  const length = useComputed(() =>
    content.value.length >= COUNTED_FROM ? messageLength(content.value) : 0,
  ).value;
  const isTooLong = length > MAX.message;
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        if (isTooLong) note.current?.focus();
        else box.current?.send();
      }}
    >
      <CannedList id={id} state={state} onChoose={(reply) => box.current?.insert(reply)} />
      {length >= COUNTED_FROM && (
        <div class={`composer-note ${isTooLong ? "error" : "dim"}`}>
          <p ref={note} id={`${id}-note`} role="alert" tabIndex={-1}>
            {isTooLong && text.room.tooLong}
          </p>
          <span class="composer-count">
            {number(length)}/{number(MAX.message)}
          </span>
        </div>
      )}
      <div class="composer-line">
        <textarea
          ref={element}
          class="composer-box"
          rows={1}
          defaultValue={store.room.draft}
          placeholder={text.room.placeholder}
          aria-label={text.room.placeholder}
          aria-invalid={isTooLong}
          aria-describedby={isTooLong ? `${id}-note` : undefined}
          aria-autocomplete={canned ? "list" : undefined}
          aria-controls={state.isOpen() ? `${id}-canned` : undefined}
          aria-activedescendant={state.isOpen() ? `${id}-canned-${state.index()}` : undefined}
          autocomplete="off"
          enterkeyhint={isTouch.value ? "enter" : "send"}
        />
        <button
          type="submit"
          class="button button-primary"
          disabled={isEmpty}
          aria-disabled={isTooLong}
          // Keeps the focus in the box, so that a phone keeps its keyboard open.
          onMouseDown={(event) => event.preventDefault()}
        >
          {text.room.send}
        </button>
      </div>
    </form>
  );
};
