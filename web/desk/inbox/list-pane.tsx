/** The list of rooms with its search and its filters. */

import { useComputed } from "@preact/signals";
import { Link } from "wouter-preact";
import { Empty, Skeleton } from "../../ui/list-states.js";
import { RoomList } from "../../ui/room-list.js";
import { NetBar } from "../../ui/room-view/net-bar.js";
import { SearchBox } from "../../ui/search-box.js";
import { useDesk } from "../desk-state.js";
import { NoticeOffer } from "../notices/notice-offer.js";
import { SoundChip } from "../notices/sound-chip.js";
import { isCompact } from "../preferences.js";
import { useProgress } from "../progress.js";
import { text } from "../text/index.js";
import type { Filter } from "./inbox-state.js";

const FILTERS: readonly Filter[] = ["all", "unread", "unanswered"];

export const ListPane = ({ current }: { current: number | undefined }) => {
  const { live, company, faq, inbox } = useDesk();
  // The cards above the rows depend on these, and must not move rows that are shown.
  const isSettled = [company, faq].every(({ value, error }) => value.value || error.value);
  const store = inbox.store.value;
  const isDense = isCompact.value;
  return (
    <section class={`inbox-list ${isDense ? "is-compact" : ""}`} aria-label={text.inbox.title}>
      <div class="inbox-head">
        <div class="inbox-title">
          <h2>{text.inbox.title}</h2>
          <button
            type="button"
            class="button button-quiet"
            aria-label={`${text.inbox.density}: ${isDense ? text.inbox.roomy : text.inbox.compact}`}
            onClick={() => {
              isCompact.value = !isDense;
            }}
          >
            {isDense ? text.inbox.roomy : text.inbox.compact}
          </button>
        </div>
        <SearchBox
          label={text.inbox.search}
          query={inbox.keyword.value}
          onSearch={(typed) => {
            inbox.keyword.value = typed;
          }}
        />
        <fieldset class="filters" aria-label={text.inbox.filters}>
          {FILTERS.map((filter) => (
            <button
              key={filter}
              type="button"
              class="filter"
              aria-pressed={inbox.filter.value === filter}
              onClick={() => {
                inbox.filter.value = filter;
              }}
            >
              {text.inbox[filter]}
            </button>
          ))}
        </fieldset>
      </div>
      <div class="inbox-rows">
        <StartCard />
        {isSettled && inbox.hasRooms.value !== undefined && <NoticeOffer />}
        {!isSettled ? (
          <Skeleton rows={8} />
        ) : (
          <RoomList
            live={live}
            store={store}
            current={current}
            href={(id) => `/rooms/${id}`}
            empty={<NoRooms />}
          />
        )}
      </div>
      {/* An open room shows the bar itself. */}
      {current === undefined && <NetBar connection={live.connection} place="roomList" />}
      <SoundChip />
    </section>
  );
};

/** Says why the list is empty. */
const NoRooms = () => {
  const { filter, keyword } = useDesk().inbox;
  const name = keyword.value.trim();
  if (name) return <Empty title={text.inbox.noMatch(name)} />;
  if (filter.value === "unread") return <Empty title={text.inbox.allRead} />;
  if (filter.value === "unanswered") return <Empty title={text.inbox.allAnswered} />;
  return (
    <Empty title={text.inbox.empty}>
      <p class="dim">{text.inbox.emptyHint}</p>
    </Empty>
  );
};

/** A link to the checklist, until all steps are done. */
const StartCard = () => {
  const progress = useProgress();
  const counts = useComputed(() => progress.value && Object.values(progress.value)).value;
  const done = counts?.filter(Boolean).length ?? 0;
  if (!counts || done === counts.length) return null;
  return (
    <Link href="/start" class="start-card">
      <strong>{text.start.short(done, counts.length)}</strong>
      <span>{done ? text.start.continue : text.start.begin}</span>
    </Link>
  );
};
