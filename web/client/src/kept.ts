/** What a reload must not lose: the unsent messages and the drafts of an account, by room. */

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
 * Both may throw, as `localStorage` does if it is denied or full: then a reload loses the contents.
 */
export interface Keep {
  load(key: string): string | null | undefined;
  /** Stores a text under a key that names the account, or removes it if `text` is null. */
  save(key: string, text: string | null): void;
}

/** What is kept of one room. @internal */
export interface KeptRoom {
  draft: string;
  pending: readonly PendingMessage[];
}

/** A message as it is stored; a failed one has its error. */
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
  /** What was last saved here. It also stands in for a storage that is denied. */
  #text: string | null = null;
  /** The unsent messages of this tab, by room. Others in the storage belong to other tabs. */
  #own: Record<number, readonly PendingMessage[]> = {};

  constructor(keep: Keep | undefined) {
    this.#keep = keep;
  }

  /** Turns to another account, or to no account. */
  open(account: number | undefined): void {
    this.#key = account ? `chatchat.unsent.${account}` : "";
    this.#text = null;
    this.#own = {};
  }

  /** The rooms that have unsent messages. */
  get rooms(): number[] {
    const rooms = this.#load();
    return Object.keys(rooms).filter((id) => rooms[id]?.pending.length).map(Number);
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
    const own = [...(this.#own[id] ?? []), ...pending].map((message) => message.clientMessageId);
    const others = rooms[id]?.pending.filter((message) => !own.includes(message.clientMessageId));
    const unsent = pending
      .filter(({ state }) => state !== "sent")
      .map(({ clientMessageId, content, error }) => ({
        clientMessageId,
        content,
        ...(error && { error: { code: error.code, message: error.message } }),
      }));
    this.#own[id] = pending;
    rooms[id] = { draft, pending: [...(others ?? []), ...unsent] };
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
      // Denied or full.
    }
  }

  #load(): StoredRooms {
    let text = this.#text;
    try {
      if (this.#key && this.#keep) text = this.#keep.load(this.#key) ?? null;
    } catch {
      // Denied.
    }
    try {
      const rooms = JSON.parse(text ?? "{}");
      return Object.fromEntries(Object.entries(rooms).filter(([, room]) => fits(room, ROOM))) as StoredRooms;
    } catch {
      return {};
    }
  }
}
