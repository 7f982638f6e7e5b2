/**
 * Finds the shortcut of a key press. Letters are recognised by the position of their key, so that
 * they work with a Hangul layout. `/` and `?` are also recognised by their character, because their
 * positions differ between keyboards.
 */

export type Shortcut =
  | "search"
  | "next"
  | "previous"
  | "composer"
  | "canned"
  | "leave"
  | "unread"
  | "list";

/** A key press. A `KeyboardEvent` has these fields. */
export interface KeyPress {
  code: string;
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  isComposing: boolean;
  /** Whether a part of the page has already handled the key press. */
  defaultPrevented: boolean;
}

/** The element that has the focus. */
export interface Focus {
  /** Whether it is an input, a text area, a select, or editable text. */
  isField: boolean;
  /** Whether the arrow keys scroll the element or move in it. */
  usesArrows: boolean;
  /** Whether a dialog is open. */
  isDialog: boolean;
}

const LETTERS: Record<string, Shortcut> = {
  KeyJ: "next",
  KeyK: "previous",
  KeyR: "composer",
  KeyU: "unread",
};

const ARROWS: Record<string, Shortcut> = { ArrowDown: "next", ArrowUp: "previous" };

/** Returns the shortcut of a key press, or undefined. */
export const shortcutOf = (press: KeyPress, focus: Focus): Shortcut | undefined => {
  const { code, key, ctrlKey, metaKey, altKey, shiftKey } = press;
  if (press.isComposing || press.defaultPrevented || altKey || focus.isDialog) return undefined;
  if (ctrlKey || metaKey) return code === "KeyK" && !shiftKey ? "search" : undefined;
  if (code === "Escape") return shiftKey ? undefined : "leave";
  if (focus.isField) return undefined;
  if (key === "?" || (code === "Slash" && shiftKey)) return "list";
  if (key === "/" || code === "Slash") return "canned";
  if (shiftKey) return undefined;
  return LETTERS[code] ?? (focus.usesArrows ? undefined : ARROWS[code]);
};
