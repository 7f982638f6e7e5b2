/** Handles shortcuts on all pages of the desk. */

import { useEffect } from "preact/hooks";
import { useLocation } from "wouter-preact";
import { useDesk } from "../desk-state.js";
import { hasSidePanel, shortcuts } from "../preferences.js";
import { type Focus, type Shortcut, shortcutOf } from "./shortcut.js";
import { isListShown, ShortcutList } from "./shortcut-list.js";

const find = (selector: string): HTMLElement | null =>
  document.querySelector<HTMLElement>(selector);

const COMPOSER = ".inbox-room textarea";

const focusOf = (element: Element | null): Focus => ({
  isField:
    !!element?.matches("input, textarea, select") ||
    (element instanceof HTMLElement && element.isContentEditable),
  usesArrows: !!element?.closest("[role=log], [role=listbox], [role=menu]"),
  isDialog: !!find("dialog[open]"),
});

/** Moves the focus along the list. Enter opens the row, because it is a link. */
const move = (step: 1 | -1): boolean => {
  const rows = [...document.querySelectorAll<HTMLElement>(".inbox-list .room-row")].filter((row) =>
    row.checkVisibility({ visibilityProperty: true }),
  );
  const focused = rows.indexOf(document.activeElement as HTMLElement);
  const current = rows.findIndex((row) => row.hasAttribute("aria-current"));
  const from = focused >= 0 ? focused : current;
  const next = rows[from < 0 && step < 0 ? rows.length - 1 : from + step];
  next?.focus();
  return !!next;
};

/** Leaves the field that has the focus, or else closes the panel. */
const leave = (): boolean => {
  const focused = document.activeElement;
  if (focused instanceof HTMLElement && focusOf(focused).isField) {
    focused.blur();
    if (focused.matches(COMPOSER)) find(".inbox-list .room-row[aria-current]")?.focus();
    return true;
  }
  if (!find(".customer")?.checkVisibility()) return false;
  hasSidePanel.value = false;
  return true;
};

export const Shortcuts = () => {
  const { inbox } = useDesk();
  const [path, navigate] = useLocation();
  useEffect(() => {
    const toInbox = (): void => {
      if (path !== "/" && !path.startsWith("/rooms/")) navigate("/");
    };
    /** Each action returns whether it has handled the key. The browser then ignores the key. */
    const act: Record<Shortcut, () => boolean> = {
      search: () => {
        const isListVisible = find(".inbox-list input")?.checkVisibility({
          visibilityProperty: true,
        });
        if (!isListVisible) navigate("/");
        // The list exists only after the next render.
        requestAnimationFrame(() => find(".inbox-list input")?.focus());
        return true;
      },
      next: () => move(1),
      previous: () => move(-1),
      composer: () => {
        find(COMPOSER)?.focus();
        return !!find(COMPOSER);
      },
      canned: () => {
        // The browser then types the character into the composer.
        find(COMPOSER)?.focus();
        return false;
      },
      leave,
      unread: () => {
        inbox.filter.value = inbox.filter.value === "unread" ? "all" : "unread";
        toInbox();
        return true;
      },
      list: () => {
        isListShown.value = true;
        return true;
      },
    };
    const onKey = (event: KeyboardEvent): void => {
      if (!shortcuts.value) return;
      const shortcut = shortcutOf(event, focusOf(document.activeElement));
      if (shortcut && act[shortcut]()) event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [inbox, path, navigate]);
  return isListShown.value ? <ShortcutList /> : null;
};
