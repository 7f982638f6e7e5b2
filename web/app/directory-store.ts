/** The companies in the directory whose name contains the query. */

import type { ChatError, components } from "@chatchat/client";
import { batch, type ReadonlySignal, signal } from "@preact/signals";
import type { LiveChat } from "../ui/chat.js";
import { MAX, trimmed } from "../ui/limits.js";
import { createRetry } from "../ui/retry.js";

export type Company = components["schemas"]["CompanySummary"];

export interface Directory {
  /** The part of a name that was searched for; empty for all companies. */
  readonly query: ReadonlySignal<string>;
  /** Undefined until the first page has loaded. */
  readonly companies: ReadonlySignal<readonly Company[] | undefined>;
  readonly hasMore: ReadonlySignal<boolean>;
  readonly error: ReadonlySignal<ChatError | undefined>;
  /** Searches. If the query is the same as before, keeps the list and adds new companies. */
  search(query: string): void;
  loadMore(): void;
  retry(): void;
}

/** The keyword for the API: trimmed, and at most 100 code points. */
export const keywordOf = (typed: string): string =>
  trimmed([...trimmed(typed)].slice(0, MAX.keyword).join(""));

/** Appends a page, without known companies, which newer ones have moved to this page. */
export const withPage = (known: readonly Company[], page: readonly Company[]): Company[] => {
  const ids = new Set(known.map(({ id }) => id));
  return [...known, ...page.filter(({ id }) => !ids.has(id))];
};

export const createDirectory = ({ chat }: Pick<LiveChat, "chat">): Directory => {
  const query = signal("");
  const companies = signal<readonly Company[] | undefined>(undefined);
  const hasMore = signal(false);
  const error = signal<ChatError | undefined>(undefined);
  let hasSearched = false;
  let page = 0;
  let life: AbortController | undefined;

  const load = async (): Promise<void> => {
    life?.abort();
    life = new AbortController();
    const { signal } = life;
    try {
      const keyword = query.value;
      const answer = await chat.call("GET /companies", {
        query: { ...(keyword && { keyword }), page: page + 1 },
        signal,
      });
      if (signal.aborted) return;
      retry.succeeded();
      batch(() => {
        companies.value = withPage((page && companies.value) || [], answer.companySummaries);
        hasMore.value = answer.page.current < answer.page.total;
        error.value = undefined;
      });
      page++;
      life = undefined;
    } catch (caught) {
      if (signal.aborted) return;
      life = undefined;
      if (retry.failed(caught as ChatError)) error.value = caught as ChatError;
    }
  };
  const retry = createRetry(() => void load());

  /** Puts new companies at the top. After an error the list stays unchanged. */
  const refresh = async (): Promise<void> => {
    const known = companies.value;
    if (!known || life) return;
    const keyword = query.value;
    const input = { query: { ...(keyword && { keyword }), page: 1 } };
    const answer = await chat.call("GET /companies", input).catch(() => undefined);
    if (answer && companies.value === known) {
      companies.value = withPage(answer.companySummaries, known);
    }
  };

  return {
    query,
    companies,
    hasMore,
    error,
    search: (typed) => {
      const keyword = keywordOf(typed);
      if (hasSearched && keyword === query.value) return void refresh();
      hasSearched = true;
      page = 0;
      batch(() => {
        query.value = keyword;
        hasMore.value = false;
        error.value = undefined;
      });
      void load();
    },
    loadMore: () => {
      if (!life && hasMore.value) void load();
    },
    retry: () => {
      error.value = undefined;
      void load();
    },
  };
};
