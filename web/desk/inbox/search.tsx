/** The search box for the names of customers. */

import type { Signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { CloseIcon, SearchIcon } from "../../ui/icons.js";
import { MAX } from "../../ui/limits.js";
import { text } from "../text/index.js";

const DEBOUNCE_MS = 250;

export const Search = ({ keyword }: { keyword: Signal<string> }) => {
  const [typed, setTyped] = useState(keyword.value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const isComposing = useRef(false);
  useEffect(() => () => clearTimeout(timer.current), []);
  const search = (name: string, delay = DEBOUNCE_MS): void => {
    setTyped(name);
    clearTimeout(timer.current);
    // A search for an unfinished syllable finds nothing.
    if (isComposing.current) return;
    timer.current = setTimeout(() => {
      keyword.value = name;
    }, delay);
  };
  return (
    <div class="search">
      <SearchIcon />
      <input
        type="search"
        class="input"
        name="keyword"
        autocomplete="off"
        aria-label={text.inbox.search}
        placeholder={text.inbox.search}
        maxLength={MAX.keyword}
        value={typed}
        onCompositionStart={() => {
          isComposing.current = true;
        }}
        onCompositionEnd={(event) => {
          isComposing.current = false;
          search(event.currentTarget.value);
        }}
        onInput={(event) => search(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || event.isComposing || !typed) return;
          event.preventDefault();
          search("", 0);
        }}
      />
      {typed && (
        <button
          type="button"
          class="icon-button"
          aria-label={text.inbox.clearSearch}
          onClick={(event) => {
            search("", 0);
            event.currentTarget.parentElement?.querySelector("input")?.focus();
          }}
        >
          <CloseIcon />
        </button>
      )}
    </div>
  );
};
