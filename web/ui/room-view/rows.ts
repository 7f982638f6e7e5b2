/** Computes what each row of a room shows. */

import type { Message, PendingMessage } from "@chatchat/client";

/** A stored message, or a message of this account that the server has not stored yet. */
export type Entry = Message | PendingMessage;

export interface Row {
  /** The key of the row, which stays the same when the server stores a pending message. */
  key: string;
  content: string;
  /** `auto`: the product wrote it; `guide`: the message that the room begins with. */
  kind: "text" | "auto" | "guide";
  isOwn: boolean;
  /** Milliseconds since 1970. */
  at: number;
  /** Whether a separator with the date is above the row. */
  startsDay: boolean;
  /** Whether the separator of unread messages is above the row. */
  startsUnread: boolean;
  /** Whether the message above is from the other sender, or is the guide message. */
  changesSender: boolean;
  /** Whether the row begins a group of messages of one sender. */
  startsGroup: boolean;
  endsGroup: boolean;
  /** Whether this is the account's last message that the other side has read. */
  isLastRead: boolean;
  /** The message, if the server has not stored it yet. */
  pending: PendingMessage | undefined;
}

/** The values on which a row depends, in addition to its neighbours. */
export interface RowContext {
  account: number;
  /** The seq below the separator of unread messages. */
  unreadSeq: number | undefined;
  /** The seq of the account's last message that the other side has read. */
  lastReadSeq: number | undefined;
  /** Returns when a pending message was first shown, in milliseconds since 1970. */
  pendingSince: (clientMessageId: string) => number;
}

/** Messages of one sender that are less than this apart are a group. */
const GROUP_MS = 60_000;

const isPending = (entry: Entry): entry is PendingMessage => "state" in entry;

/** Cached, because parsing dates takes most of the time of a row. */
const times = new WeakMap<Message, { at: number; day: number }>();

const dayOf = (at: number): number => {
  const date = new Date(at);
  return (date.getFullYear() * 12 + date.getMonth()) * 31 + date.getDate();
};

const timeOf = (entry: Entry, context: RowContext): { at: number; day: number } => {
  if (isPending(entry)) {
    const at = context.pendingSince(entry.clientMessageId);
    return { at, day: dayOf(at) };
  }
  let time = times.get(entry);
  if (!time) {
    const at = Date.parse(entry.createdAt);
    time = { at, day: dayOf(at) };
    times.set(entry, time);
  }
  return time;
};

const isGuide = (entry: Entry): boolean =>
  !isPending(entry) && entry.seq === 1 && entry.type === "auto";

const isOwn = (entry: Entry, { account }: RowContext): boolean =>
  isPending(entry) || entry.senderId === account;

const startsUnread = (entry: Entry, { unreadSeq }: RowContext): boolean =>
  !isPending(entry) && entry.seq === unreadSeq;

/** Whether two consecutive messages belong to one group. */
const isGroup = (a: Entry, b: Entry, context: RowContext): boolean => {
  if (isOwn(a, context) !== isOwn(b, context) || isGuide(a) || startsUnread(b, context))
    return false;
  const [before, after] = [timeOf(a, context), timeOf(b, context)];
  return after.at - before.at < GROUP_MS && before.day === after.day;
};

/** The last row of each message. A row that has not changed is the same object again. */
const rows = new WeakMap<Entry, Row>();

const isEqual = (a: Row, b: Row): boolean =>
  (Object.keys(b) as (keyof Row)[]).every((name) => a[name] === b[name]);

/** Returns the row of a message, given the messages before and after it. */
export const rowOf = (
  entry: Entry,
  before: Entry | undefined,
  after: Entry | undefined,
  context: RowContext,
): Row => {
  const pending = isPending(entry) ? entry : undefined;
  const seq = isPending(entry) ? undefined : entry.seq;
  const { at, day } = timeOf(entry, context);
  const row: Row = {
    key: entry.clientMessageId ?? String(seq),
    content: entry.content,
    kind: isGuide(entry) ? "guide" : !isPending(entry) && entry.type === "auto" ? "auto" : "text",
    isOwn: isOwn(entry, context),
    at,
    startsDay: !before || timeOf(before, context).day !== day,
    startsUnread: startsUnread(entry, context),
    changesSender: !before || isGuide(before) || isOwn(before, context) !== isOwn(entry, context),
    startsGroup: !before || !isGroup(before, entry, context),
    endsGroup: !after || !isGroup(entry, after, context),
    isLastRead: seq !== undefined && seq === context.lastReadSeq,
    pending,
  };
  const known = rows.get(entry);
  if (known && isEqual(known, row)) return known;
  rows.set(entry, row);
  return row;
};

/** Returns the seq of the account's last typed message that the other side has read. */
export const lastReadSeq = (
  messages: readonly Message[],
  account: number,
  receiverReadSeq: number,
): number | undefined => {
  const first = messages[0]?.seq ?? 1;
  for (let n = Math.min(messages.length - 1, receiverReadSeq - first); n >= 0; n -= 1) {
    const { seq, senderId, type } = messages[n]!;
    if (senderId === account && type === "general") return seq;
  }
  return undefined;
};

/**
 * Returns the seq below the separator of unread messages: the first typed message of the other side
 * that was unread when the room was opened.
 *
 * @param readSeq - the account's read marker at that time
 * @param lastSeq - the newest message at that time
 */
export const firstUnreadSeq = (
  messages: readonly Message[],
  account: number,
  readSeq: number,
  lastSeq: number,
): number | undefined => {
  const first = messages[0]?.seq ?? 1;
  // The separator needs a read message above it.
  if (readSeq < first) return undefined;
  for (let n = readSeq + 1 - first; n <= lastSeq - first && n < messages.length; n += 1) {
    const { seq, senderId, type } = messages[n]!;
    if (senderId !== account && type === "general") return seq;
  }
  return undefined;
};

/** Returns how many messages of the other side come after `seq`. */
export const countAfter = (messages: readonly Message[], account: number, seq: number): number => {
  let count = 0;
  for (let n = messages.length - 1; n >= 0 && messages[n]!.seq > seq; n -= 1) {
    if (messages[n]!.senderId !== account) count += 1;
  }
  return count;
};
