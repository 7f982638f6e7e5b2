/** The questions that the company answers at once, above the composer. */

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
  if (!entries.length) return null;
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
        <ul class="faq-chips">
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
