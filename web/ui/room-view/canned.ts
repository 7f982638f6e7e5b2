/** Canned replies: texts that the composer offers after `/`. */

import { signal } from "@preact/signals";
import { slashBefore } from "./slash.js";

export interface CannedReply {
  /** Shown in the list. */
  title: string;
  /** Inserted into the composer. */
  text: string;
}

export interface CannedSource {
  /** Returns the replies that match the letters typed after `/`; all of them without a letter. */
  match(typed: string): readonly CannedReply[];
}

/** The replies that are offered, and the one that Enter inserts. */
export class CannedState {
  readonly entries = signal<readonly CannedReply[]>([]);
  readonly #index = signal(0);
  /** The position of the `/` that the reply replaces. */
  start = 0;
  /** The position of the `/` at which the user closed the list. */
  #dismissed: number | undefined;

  index(): number {
    return this.#index.value;
  }

  isOpen(): boolean {
    return this.entries.value.length > 0;
  }

  chosen(): CannedReply | undefined {
    return this.entries.value[this.#index.value];
  }

  /**
   * Offers the replies that match the letters before the caret. Closes the list without a caret.
   */
  look(canned: CannedSource | undefined, typed: string, caret: number | undefined): void {
    const slash = caret === undefined ? undefined : slashBefore(typed, caret);
    if (!slash) this.#dismissed = undefined;
    if (!canned || !slash || slash.start === this.#dismissed) {
      this.close();
      return;
    }
    this.start = slash.start;
    const found = canned.match(slash.typed);
    const known = this.entries.value;
    const isSame =
      found.length === known.length &&
      found.every(({ title, text }, n) => title === known[n]?.title && text === known[n]?.text);
    if (isSame) return;
    this.entries.value = found;
    this.#index.value = 0;
  }

  /** Selects the next or the previous reply. The selection wraps around at both ends. */
  move(by: 1 | -1): void {
    const { length } = this.entries.value;
    this.#index.value = (this.#index.value + by + length) % length;
  }

  /** Closes the list until another `/` is typed. */
  dismiss(): void {
    this.#dismissed = this.start;
    this.close();
  }

  close(): void {
    this.entries.value = [];
    this.#index.value = 0;
  }
}
