/**
 * A bar that says that the connection is lost or restored. It overlays an edge of the list, so the
 * list does not move.
 */

import type { ConnectionState } from "@chatchat/client";
import { effect, type ReadonlySignal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { text } from "../text/index.js";
import "./net-bar.css";

/** Interruptions shorter than this are not shown. */
const CONNECTING_MS = 1_500;
/** How long a restored connection is shown. */
const BACK_MS = 2_000;

export interface NetBarProps {
  connection: ReadonlySignal<ConnectionState>;
  /** What is covered: the first messages of a room, or the last rows of a list of rooms. */
  place: "room" | "roomList";
}

export const NetBar = ({ connection, place }: NetBarProps) => {
  const shown = useSignal<"offline" | "reconnecting" | "reconnected" | undefined>(undefined);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const later = (ms: number, next: typeof shown.value): void => {
      timer = setTimeout(() => {
        shown.value = next;
      }, ms);
    };
    const stop = effect(() => {
      clearTimeout(timer);
      const isLost = shown.peek() === "offline" || shown.peek() === "reconnecting";
      switch (connection.value) {
        case "offline":
          shown.value = "offline";
          break;
        case "connecting":
          if (isLost) shown.value = "reconnecting";
          else later(CONNECTING_MS, "reconnecting");
          break;
        case "open":
          if (isLost) shown.value = "reconnected";
          if (shown.peek()) later(BACK_MS, undefined);
          break;
        case "closed":
          shown.value = undefined;
      }
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [connection]);
  const state = shown.value;
  const words = state === "offline" ? text[place].offline : state && text.room[state];
  return (
    <div class={place === "room" ? "net-bar" : "net-bar net-bar-below"} role="status">
      {words && <p class={`net-bar-text net-bar-${state}`}>{words}</p>}
    </div>
  );
};
