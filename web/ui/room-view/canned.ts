/** Prepared answers that the composer offers after `/`. */

/** A source of prepared answers. */
export interface Canned {
  /**
   * Returns the entries that match the letters typed after `/`; all of them without a letter.
   * `title` is shown in the list, and `text` is inserted.
   */
  match(typed: string): readonly { title: string; text: string }[];
}
