/** `/`: the directory of companies, with a search. */

import { useEffect } from "preact/hooks";
import { Link, useLocation, useSearch } from "wouter-preact";
import { Avatar } from "../ui/avatar.js";
import { errorText } from "../ui/error-text.js";
import { Empty, Failed, Skeleton } from "../ui/list-states.js";
import { More } from "../ui/more.js";
import { Page } from "../ui/page.js";
import { SearchBox } from "../ui/search-box.js";
import type { AppState } from "./app-state.js";
import { type Company, keywordOf } from "./directory-store.js";
import { text } from "./text/index.js";
import "./directory.css";

export const DirectoryPage = ({ state: { live, directory } }: { state: AppState }) => {
  const words = text.directory;
  const [, navigate] = useLocation();
  const query = new URLSearchParams(useSearch()).get("q") ?? "";
  useEffect(() => directory.search(query), [directory, query]);
  const isLoggedOut = live.session.value === "loggedOut" || live.session.value === "expired";
  return (
    <Page
      title={words.title}
      head={
        isLoggedOut ? (
          <Link href="/login" class="button">
            {text.logIn}
          </Link>
        ) : undefined
      }
    >
      <SearchBox
        label={words.search}
        query={query}
        onSearch={(typed) => {
          const q = keywordOf(typed);
          navigate(q ? `/?${new URLSearchParams({ q })}` : "/", { replace: true });
        }}
      />
      <Companies state={directory} />
    </Page>
  );
};

const Companies = ({ state }: { state: AppState["directory"] }) => {
  const words = text.directory;
  const companies = state.companies.value;
  const error = state.error.value;
  const query = state.query.value;
  const hasMore = state.hasMore.value;
  if (error && !hasMore) return <Failed title={errorText(error)} onRetry={state.retry} />;
  if (!companies) return <Skeleton rows={8} />;
  if (!companies.length) {
    return query ? (
      <Empty title={words.noMatch(query)}>
        <p class="dim">{words.noMatchHint}</p>
        <Link href="/" class="button">
          {words.showAll}
        </Link>
      </Empty>
    ) : (
      <Empty title={words.empty} />
    );
  }
  return (
    <>
      <p class="visually-hidden" role="status">
        {words.found(companies.length, hasMore)}
      </p>
      <ul class="company-list">
        {companies.map((company) => (
          <CompanyRow key={company.id} company={company} />
        ))}
      </ul>
      <More
        hasMore={hasMore}
        error={error && errorText(error)}
        onMore={state.loadMore}
        length={companies.length}
      />
    </>
  );
};

const CompanyRow = ({ company: { id, name, description, imageUrl } }: { company: Company }) => (
  <li>
    <Link href={`/c/${id}`} class="company-row">
      <Avatar id={id} name={name} url={imageUrl} size={44} kind="company" />
      <span class="company-row-name">{name}</span>
      {description && <span class="company-row-text">{description}</span>}
    </Link>
  </li>
);
