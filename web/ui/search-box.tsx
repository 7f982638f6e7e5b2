/** A search box. It searches when the user stops typing, and Escape clears it. */

import { useEffect, useRef } from "preact/hooks";
import { CloseIcon, SearchIcon } from "./icons.js";
import { MAX } from "./limits.js";
import { text } from "./text/index.js";
import "./search-box.css";

const PAUSE_MS = 250;
/** Longer, because the last syllable of a Korean word stays in composition until another key. */
const COMPOSING_PAUSE_MS = 1_000;

export interface SearchBoxProps {
  /** The label and placeholder, such as `어떤 기업을 찾으세요?`. */
  label: string;
  query: string;
  onSearch: (query: string) => void;
}

export const SearchBox = ({ label, query, onSearch }: SearchBoxProps) => {
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const searched = useRef(query);
  useEffect(() => () => clearTimeout(timer.current), []);
  // Shows a query that the Back button or a link has changed.
  useEffect(() => {
    if (query !== searched.current && input.current) input.current.value = query;
    searched.current = query;
  }, [query]);

  const search = (): void => {
    clearTimeout(timer.current);
    searched.current = input.current?.value ?? "";
    onSearch(searched.current);
  };
  const searchAfter = (ms: number): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(search, ms);
  };
  const clear = (): void => {
    if (input.current) input.current.value = "";
    search();
    input.current?.focus();
  };
  return (
    <search>
      <form
        class="search-box"
        onSubmit={(event) => {
          event.preventDefault();
          search();
        }}
      >
        <SearchIcon />
        <input
          ref={input}
          type="search"
          name="q"
          class="input"
          aria-label={label}
          placeholder={label}
          autocomplete="off"
          enterkeyhint="search"
          maxLength={MAX.keyword}
          defaultValue={query}
          onInput={({ isComposing }) => searchAfter(isComposing ? COMPOSING_PAUSE_MS : PAUSE_MS)}
          onCompositionEnd={() => searchAfter(PAUSE_MS)}
          onKeyDown={(event) => {
            if (event.key !== "Escape" || event.isComposing || !event.currentTarget.value) return;
            event.preventDefault();
            clear();
          }}
        />
        {query && (
          <button type="button" class="icon-button" aria-label={text.clearSearch} onClick={clear}>
            <CloseIcon />
          </button>
        )}
      </form>
    </search>
  );
};
