/** Prepared answers that the composer offers after `/`. */

import { signal } from "@preact/signals";
import { slashBefore } from "./slash.js";

/** A source of prepared answers. */
export interface Canned {
  /**
   * Returns the entries that match the letters typed after `/`; all of them without a letter.
   * `title` is shown in the list, and `text` is inserted.
   */
  match(typed: string): readonly { title: string; text: string }[];
}

/** Which answers are offered, and which one Enter inserts. */
export class CannedState {
  readonly entries = signal<ReturnType<Canned["match"]>>([]);
  readonly #index = signal(0);
  /** The position of the `/` that the answer replaces. */
  start = 0;
  /** The `/` at which the user has closed the list. */
  #dismissed: number | undefined;

  index(): number {
    return this.#index.value;
  }

  isOpen(): boolean {
    return this.entries.value.length > 0;
  }

  chosen(): { text: string } | undefined {
    return this.entries.value[this.#index.value];
  }

  /** Offers what matches the letters before the caret. Without a caret the list closes. */
  look(canned: Canned | undefined, typed: string, caret: number | undefined): void {
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

  /** Goes up or down, and from one end to the other. */
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
