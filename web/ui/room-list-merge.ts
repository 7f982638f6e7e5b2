/** Functions that change the rows of a room list, which are in order of the latest message. */

import type { components, Message, Room, ServerFrames } from "@chatchat/client";

/** A room in a list. */
export type RoomRow = components["schemas"]["RoomSummary"];

/** Rows, and the cursor of the next page; null if there is no next page. */
export interface Rows {
  readonly rows: readonly RoomRow[];
  readonly next: string | null;
}

/** Returns whether row `a` is above row `b`: its message is later. The API's dates sort as text. */
const isBefore = (a: RoomRow, b: RoomRow): boolean =>
  a.lastMessageDate !== b.lastMessageDate ? a.lastMessageDate > b.lastMessageDate : a.id > b.id;

const inOrder = (rows: readonly RoomRow[]): RoomRow[] =>
  [...rows].sort((a, b) => (isBefore(a, b) ? -1 : 1));

/**
 * Replaces the rows that the refetched first pages cover. A known row that is missing from them has
 * left the list and is removed, except for the open room `current`.
 */
export const refreshed = (known: Rows, fetched: Rows, current: number | undefined): Rows => {
  const last = fetched.rows.at(-1);
  const ids = new Set(fetched.rows.map(({ id }) => id));
  const kept = known.rows.filter(
    (row) =>
      !ids.has(row.id) && (row.id === current || (fetched.next && last && isBefore(last, row))),
  );
  const hasLater = !!last && kept.some((row) => row.id !== current && isBefore(last, row));
  return {
    rows: inOrder([...fetched.rows, ...kept]),
    next: hasLater ? known.next : fetched.next,
  };
};

/** Appends the next page, without known rows, which have moved to the top meanwhile. */
export const extended = (known: Rows, { rows, next }: Rows): Rows => {
  const ids = new Set(known.rows.map(({ id }) => id));
  return { rows: inOrder([...known.rows, ...rows.filter(({ id }) => !ids.has(id))]), next };
};

/** Whether the refetched pages end with a row that has not changed, or with the end of the list. */
export const reachesKnown = (known: Rows, { rows, next }: Rows): boolean => {
  const last = rows.at(-1);
  return !next || known.rows.some(({ id, lastSeq }) => id === last?.id && lastSeq === last.lastSeq);
};

const changed = (
  rows: readonly RoomRow[],
  id: number,
  change: (row: RoomRow) => Partial<RoomRow> | undefined,
): readonly RoomRow[] => {
  const row = rows.find((row) => row.id === id);
  const changes = row && change(row);
  if (!row || !changes) return rows;
  return inOrder(rows.map((other) => (other === row ? { ...row, ...changes } : other)));
};

const newest = ({ seq, senderId, content, createdAt }: Message): Partial<RoomRow> => ({
  lastMessage: content,
  lastMessageSenderId: senderId,
  lastMessageDate: createdAt,
  lastSeq: seq,
});

/** Applies a pushed message to the row of its room. */
export const withMessage = (
  rows: readonly RoomRow[],
  { roomId, message }: ServerFrames["message"],
): readonly RoomRow[] =>
  changed(rows, roomId, (row) => {
    if (message.seq <= row.lastSeq) return undefined;
    const isUnread = message.type === "general" && message.senderId === row.receiverId;
    return {
      ...newest(message),
      unreadMessageCount: row.unreadMessageCount + (isUnread ? 1 : 0),
    };
  });

/**
 * Applies the state of an open room to its row: messages that this client sent, the account's read
 * marker, and whether the customer is blocked.
 */
export const withRoom = (
  rows: readonly RoomRow[],
  { id, messages, readSeq, receiver }: Pick<Room, "id" | "messages" | "readSeq" | "receiver">,
): readonly RoomRow[] =>
  changed(rows, id, (row) => {
    const last = messages.at(-1);
    const isNewer = last && last.seq > row.lastSeq;
    const isRead = readSeq >= Math.max(row.lastSeq, last?.seq ?? 0) && row.unreadMessageCount > 0;
    const { blocked = row.blocked } = receiver ?? {};
    if (!isNewer && !isRead && blocked === row.blocked) return undefined;
    return { blocked, ...(isNewer && newest(last)), ...(isRead && { unreadMessageCount: 0 }) };
  });
