/**
 * The list of rooms. Each row is a link, so that the keyboard, middle clicks and screen readers
 * work.
 */

import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { Link } from "wouter-preact";
import { Avatar } from "./avatar.js";
import type { LiveChat } from "./chat.js";
import { listLabel } from "./dates.js";
import { errorText } from "./error-text.js";
import { Failed, Skeleton } from "./list-states.js";
import { More } from "./more.js";
import type { RoomRow } from "./room-list-merge.js";
import type { RoomListStore } from "./room-list-store.js";
import { text } from "./text/index.js";
import { badgeText } from "./unread.js";
import "./room-list.css";

export interface RoomListProps {
  live: LiveChat;
  store: RoomListStore;
  /** The room that is open beside the list. */
  current?: number | undefined;
  href: (id: number) => string;
  /** What stands in place of the rows if there are none. */
  empty: ComponentChildren;
}

export const RoomList = ({ live, store, current, href, empty }: RoomListProps) => {
  useEffect(() => store.setCurrent(current), [store, current]);
  const rows = store.rows.value;
  const error = store.error.value;
  if (!rows) {
    return error ? (
      <Failed title={errorText(error)} onRetry={store.refresh} />
    ) : (
      <Skeleton rows={8} />
    );
  }
  if (!rows.length) return <>{empty}</>;
  const now = new Date();
  return (
    <>
      <ul class="room-list">
        {rows.map((row) => (
          <RoomListRow
            key={row.id}
            row={row}
            href={href(row.id)}
            isCurrent={row.id === current}
            isOwn={row.lastMessageSenderId === live.account.value}
            hasFailed={store.failed.value.has(row.id)}
            kind={live.chat.role === "customer" ? "company" : "person"}
            now={now}
          />
        ))}
      </ul>
      <More
        hasMore={store.hasMore.value}
        error={error && errorText(error)}
        onMore={store.hasMore.value ? store.loadMore : store.refresh}
        length={rows.length}
      />
    </>
  );
};

interface RoomListRowProps {
  row: RoomRow;
  href: string;
  isCurrent: boolean;
  isOwn: boolean;
  hasFailed: boolean;
  kind: "person" | "company";
  now: Date;
}

const RoomListRow = ({ row, href, isCurrent, isOwn, hasFailed, kind, now }: RoomListRowProps) => {
  const words = text.roomList;
  const name = row.receiverName ?? text.unknownPerson;
  const date = new Date(row.lastMessageDate);
  const count = row.unreadMessageCount;
  return (
    <li>
      <Link href={href} class="room-row" aria-current={isCurrent ? "page" : undefined}>
        <Avatar
          id={row.receiverId}
          name={row.receiverName ?? "?"}
          url={row.receiverImageUrl}
          size={44}
          kind={kind}
        />
        <span class="room-row-name">
          {row.blocked && kind === "person" && <span class="room-row-tag">{words.blocked}</span>}
          {name}
        </span>
        <time class="room-row-time" dateTime={row.lastMessageDate}>
          {listLabel(date, now)}
        </time>
        <span class="room-row-text">
          {hasFailed ? (
            // The message that failed is not the last one that the server has stored.
            <span class="error">{words.failed}</span>
          ) : (
            <>
              {isOwn && words.me}
              {row.lastMessage}
            </>
          )}
        </span>
        {count > 0 && (
          <span class="badge">
            <span aria-hidden="true">{badgeText(count)}</span>
            <span class="visually-hidden">{words.unread(count)}</span>
          </span>
        )}
      </Link>
    </li>
  );
};
