/** The questions of the company's FAQ, above the composer. */

import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { LiveChat } from "../ui/chat.js";
import { DownIcon, UpIcon } from "../ui/icons.js";
import { createFaq } from "./faq-store.js";
import { text } from "./text/index.js";
import "./faq.css";

export const FaqChips = ({ live, roomId }: { live: LiveChat; roomId: number }) => {
  const faq = useMemo(() => createFaq(live, roomId), [live, roomId]);
  useEffect(() => faq.close, [faq]);
  const entries = faq.entries.value;
  const isOpen = faq.isOpen.value;
  if (!entries?.length) return <Reserved isNeeded={!entries} />;
  return (
    <section class="faq" aria-label={text.faq.label}>
      <button
        type="button"
        class="faq-toggle"
        aria-expanded={isOpen}
        aria-label={isOpen ? text.faq.hide : text.faq.show}
        onClick={faq.toggle}
      >
        {!isOpen && text.faq.label}
        {isOpen ? <DownIcon /> : <UpIcon />}
      </button>
      {isOpen && (
        <ul
          class="faq-chips"
          onScroll={({ currentTarget }) =>
            currentTarget.classList.toggle("is-scrolled", currentTarget.scrollLeft > 0)
          }
          onWheel={(event) => {
            // A mouse wheel scrolls only vertically.
            if (!event.deltaX) event.currentTarget.scrollLeft += event.deltaY;
          }}
        >
          {entries.map((entry) => (
            <li key={entry.id}>
              <button
                type="button"
                class="faq-chip"
                aria-busy={faq.busy.value === entry.id}
                aria-disabled={faq.busy.value !== undefined}
                onClick={() => void faq.ask(entry)}
              >
                {entry.question}
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
};

/**
 * Reserves the space of the chips, so that the messages do not move when the chips appear. The
 * first click or key press removes the space.
 */
const Reserved = ({ isNeeded }: { isNeeded: boolean }) => {
  const isLeft = useSignal(false);
  useEffect(() => {
    if (isNeeded || isLeft.value) return;
    const life = new AbortController();
    const leave = (): void => {
      isLeft.value = true;
    };
    for (const event of ["click", "keydown"]) {
      addEventListener(event, leave, { signal: life.signal, once: true });
    }
    return () => life.abort();
  }, [isNeeded, isLeft.value]);
  return isLeft.value ? null : <div class="faq" />;
};
