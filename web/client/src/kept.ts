/** The unsent messages and drafts of an account, by room, which survive a reload. */

import { ChatError, type ErrorCode } from "./error.js";
import { fits } from "./frames.js";
import type { PendingMessage } from "./outbox.js";

/**
 * A storage for unsent messages and drafts. In a page:
 *
 * ```ts
 * const keep = {
 *   load: (key) => localStorage.getItem(key),
 *   save: (key, text) => (text ? localStorage.setItem(key, text) : localStorage.removeItem(key)),
 * };
 * ```
 *
 * Both functions may throw, as `localStorage` does if it is denied or full. The contents are then
 * lost at a reload.
 */
export interface Keep {
  load(key: string): string | null | undefined;
  /** Stores a text under a key that names the account, or removes it if `text` is null. */
  save(key: string, text: string | null): void;
}

/** The kept contents of one room. @internal */
export interface KeptRoom {
  draft: string;
  pending: readonly PendingMessage[];
}

/** A stored message. Only failed messages have an error. */
interface Stored {
  clientMessageId: string;
  content: string;
  error?: { code: ErrorCode; message: string };
}

type StoredRooms = Record<string, { draft: string; pending: Stored[] }>;

const MESSAGE = { clientMessageId: "", content: "" } as const;
const ROOM = { draft: "", pending: [MESSAGE] } as const;

/** @internal */
export class Kept {
  readonly #keep: Keep | undefined;
  #key = "";
  /** The text that was saved last. It is used if the storage is denied. */
  #text: string | null = null;
  /** The unsent messages of this tab, by room. Other messages in the storage are of other tabs. */
  #own: Record<number, readonly PendingMessage[]> = {};

  constructor(keep: Keep | undefined) {
    this.#keep = keep;
  }

  /** Switches to another account, or to no account. */
  open(account: number | undefined): void {
    this.#key = account ? `chatchat.unsent.${account}` : "";
    this.#text = null;
    this.#own = {};
  }

  /** The ids of the rooms that have unsent messages. */
  get rooms(): number[] {
    const rooms = this.#load();
    return Object.keys(rooms)
      .filter((id) => rooms[id]?.pending.length)
      .map(Number);
  }

  load(id: number): KeptRoom {
    const { draft, pending } = this.#load()[id] ?? { draft: "", pending: [] };
    this.#own[id] = pending.map(({ error, clientMessageId, content }) => ({
      clientMessageId,
      content,
      ...(error ? { state: "failed", error: new ChatError(error) } : { state: "sending" }),
    }));
    return { draft, pending: this.#own[id] };
  }

  save(id: number, { draft, pending }: KeptRoom): void {
    const rooms = this.#load();
    const ids = pending.map(({ clientMessageId }) => clientMessageId);
    // Messages keep their places, because another tab may have restored only some of a list.
    const unsent = new Map<string, Stored>();
    for (const message of rooms[id]?.pending ?? []) unsent.set(message.clientMessageId, message);
    for (const { clientMessageId } of this.#own[id] ?? []) {
      if (!ids.includes(clientMessageId)) unsent.delete(clientMessageId);
    }
    for (const { clientMessageId, content, state, error } of pending) {
      const failed = error && { error: { code: error.code, message: error.message } };
      if (state === "sent") unsent.delete(clientMessageId);
      else unsent.set(clientMessageId, { clientMessageId, content, ...failed });
    }
    this.#own[id] = pending;
    rooms[id] = { draft, pending: [...unsent.values()] };
    if (!draft && !rooms[id].pending.length) delete rooms[id];
    this.#store(Object.keys(rooms).length ? JSON.stringify(rooms) : null);
  }

  /** Removes everything of the account. */
  clear(): void {
    this.#store(null);
  }

  #store(text: string | null): void {
    this.#text = text;
    try {
      if (this.#key) this.#keep?.save(this.#key, text);
    } catch {
      // The storage is denied or full.
    }
  }

  #load(): StoredRooms {
    let text = this.#text;
    try {
      if (this.#key && this.#keep) text = this.#keep.load(this.#key) ?? null;
    } catch {
      // The storage is denied.
    }
    try {
      const rooms = JSON.parse(text ?? "{}");
      return Object.fromEntries(
        Object.entries(rooms).filter(([, room]) => fits(room, ROOM)),
      ) as StoredRooms;
    } catch {
      return {};
    }
  }
}
