/** The list of canned replies above the composer. */

import { useEffect, useRef } from "preact/hooks";
import { text } from "../text/index.js";
import type { CannedState } from "./canned.js";
import "./canned-list.css";

interface CannedListProps {
  id: string;
  state: CannedState;
  onChoose: (text: string) => void;
}

export const CannedList = ({ id, state, onChoose }: CannedListProps) => {
  const entries = state.entries.value;
  const index = state.index();
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[index]?.scrollIntoView({ block: "nearest" });
  }, [index, entries]);
  if (!entries.length) return null;
  return (
    <div ref={list} class="canned" id={`${id}-canned`} role="listbox" aria-label={text.room.canned}>
      {entries.map((entry, n) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the box has the focus and handles the keys.
        <div
          key={entry.title}
          id={`${id}-canned-${n}`}
          class="canned-entry"
          role="option"
          tabIndex={-1}
          aria-selected={n === index}
          // Keeps the focus in the box, so that a phone keeps its keyboard open.
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onChoose(entry.text)}
        >
          <span class="canned-title">{entry.title}</span>
          <span class="canned-text dim">{entry.text}</span>
        </div>
      ))}
    </div>
  );
};
