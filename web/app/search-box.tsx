/** The search box of the directory. It searches when the user pauses. */

import { useEffect, useRef } from "preact/hooks";
import { CloseIcon, SearchIcon } from "../ui/icons.js";
import { text } from "./text/index.js";

const PAUSE_MS = 250;
/** The last syllable of a Korean word stays in composition until another key is pressed. */
const COMPOSING_PAUSE_MS = 1_000;

export interface SearchBoxProps {
  query: string;
  onSearch: (query: string) => void;
}

export const SearchBox = ({ query, onSearch }: SearchBoxProps) => {
  const words = text.directory;
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const searched = useRef(query);
  useEffect(() => () => clearTimeout(timer.current), []);
  // The Back button, or a link, has changed the query.
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
          aria-label={words.search}
          placeholder={words.search}
          autocomplete="off"
          enterkeyhint="search"
          defaultValue={query}
          onInput={({ isComposing }) => searchAfter(isComposing ? COMPOSING_PAUSE_MS : PAUSE_MS)}
          onCompositionEnd={() => searchAfter(PAUSE_MS)}
        />
        {query && (
          <button
            type="button"
            class="icon-button"
            aria-label={words.clear}
            onClick={() => {
              if (input.current) input.current.value = "";
              search();
              input.current?.focus();
            }}
          >
            <CloseIcon />
          </button>
        )}
      </form>
    </search>
  );
};
