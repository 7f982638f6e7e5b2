/** Media queries as signals. */

import { type ReadonlySignal, signal } from "@preact/signals";

const matches = (query: string): ReadonlySignal<boolean> => {
  const list = matchMedia(query);
  const state = signal(list.matches);
  list.addEventListener("change", () => {
    state.value = list.matches;
  });
  return state;
};

/** Whether a list and a room have space beside each other: 960 px at the usual text size. */
export const isWide = matches("(min-width: 60rem)");

/** Whether the main pointer is a finger. */
export const isTouch = matches("(pointer: coarse)");
