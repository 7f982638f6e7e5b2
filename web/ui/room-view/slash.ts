/** Finds the `/` that asks for canned replies. */

/** A `/` and the letters between it and the caret. */
export interface Slash {
  /** The position of the `/`. */
  start: number;
  typed: string;
}

/** Returns the `/` before the caret that begins a word; undefined if there is no such `/`. */
export const slashBefore = (text: string, caret: number): Slash | undefined => {
  const found = /(?:^|\s)\/([^\s/]*)$/.exec(text.slice(0, caret));
  const typed = found?.[1];
  return typed === undefined ? undefined : { start: caret - typed.length - 1, typed };
};
