/** The messages of a room, with a button that scrolls to new ones. */

import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useReducer, useRef } from "preact/hooks";
import { text } from "../text/index.js";
import { ListWindow } from "./list-window.js";
import type { RoomStore } from "./room-store.js";
import { MessageRow } from "./row.js";
import { type Entry, rowOf } from "./rows.js";
import "./message-list.css";

export const MessageList = ({ store, name }: { store: RoomStore; name: string }) => {
  const [, render] = useReducer((count: number) => count + 1, 0);
  const list = useMemo(() => new ListWindow(store, () => render(undefined as never)), [store]);
  const view = useRef<HTMLDivElement>(null);
  // Messages that were there when the room was opened are not announced.
  const isOpened = useSignal(false);
  useLayoutEffect(() => list.attach(view.current!), [list]);
  useLayoutEffect(() => list.settle());
  useEffect(() => {
    isOpened.value = true;
  }, []);

  const messages = store.messages.value;
  const pending = store.pending.value;
  const context = store.rowContext.value;
  const receiver = store.receiver.value;
  const isAtEnd = store.isAtEnd.value;
  const older = store.older.value;
  const first = messages[0]?.seq ?? 1;
  const entry = (seq: number): Entry | undefined =>
    messages[seq - first] ?? pending[seq - first - messages.length];
  const { chunks, above, below } = list.choose(first, first + messages.length + pending.length);

  return (
    <>
      <div
        ref={view}
        class="log"
        role="log"
        aria-label={text.room.conversation[store.role](name)}
        aria-live={isOpened.value && isAtEnd && older !== "loading" ? "polite" : "off"}
        aria-relevant="additions"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
        tabIndex={0}
        onScroll={() => list.scrolled()}
      >
        <div class="log-content">
          <Beginning store={store} />
          <div class="log-spacer" style={{ blockSize: `${above}px` }} />
          {chunks.map((chunk) => (
            <ol key={chunk.index} class="log-chunk">
              {Array.from({ length: chunk.end - chunk.first }, (_, n) => {
                const seq = chunk.first + n;
                const row = rowOf(entry(seq)!, entry(seq - 1), entry(seq + 1), context);
                return (
                  <MessageRow
                    key={row.key}
                    row={row}
                    receiver={receiver}
                    role={store.role}
                    room={store.room}
                  />
                );
              })}
            </ol>
          ))}
          <div class="log-spacer" style={{ blockSize: `${below}px` }} />
        </div>
      </div>
      <NewMessagesButton store={store} leave={() => view.current?.focus({ preventScroll: true })} />
    </>
  );
};

/** The start of the room, or the state of loading older messages. Its height never changes. */
const Beginning = ({ store }: { store: RoomStore }) => {
  const isStart = store.messages.value[0]?.seq === 1;
  const older = store.older.value;
  const isUnloaded = !store.receiver.value;
  return (
    <div class="log-beginning dim">
      {isStart ? (
        <p>{text.room.start}</p>
      ) : isUnloaded && store.error.value ? (
        <RetryLine title={text.loadFailed} onRetry={() => store.room.refresh()} />
      ) : older === "failed" ? (
        <RetryLine title={text.room.olderFailed} onRetry={() => void store.loadOlder()} />
      ) : (
        (isUnloaded || older === "loading") && <p>{text.loading}</p>
      )}
    </div>
  );
};

const RetryLine = ({ title, onRetry }: { title: string; onRetry: () => void }) => (
  <p role="alert">
    {title} ·{" "}
    <button type="button" class="link-button" onClick={onRetry}>
      {text.retry}
    </button>
  </p>
);

const NewMessagesButton = ({ store, leave }: { store: RoomStore; leave: () => void }) => {
  const count = store.newCount.value;
  return (
    <div class="log-new" role="status">
      {count > 0 && (
        <button
          type="button"
          class="log-new-button"
          // Keeps the focus in the composer, so that a phone keeps its keyboard open.
          onMouseDown={(event) => event.preventDefault()}
          onClick={(event) => {
            if (document.activeElement === event.currentTarget) leave();
            store.isAtEnd.value = true;
          }}
        >
          {text.room.newMessages(count)}
        </button>
      )}
    </div>
  );
};
