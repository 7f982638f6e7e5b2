/**
 * Says that the connection is lost or restored. It covers the top of the list and moves nothing.
 */

import type { ConnectionState } from "@chatchat/client";
import { effect, type ReadonlySignal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { text } from "../text/index.js";
import "./net-bar.css";

/** A shorter interruption is not shown. */
const CONNECTING_MS = 1_500;
/** How long a restored connection is shown. */
const BACK_MS = 2_000;

export const NetBar = ({ connection }: { connection: ReadonlySignal<ConnectionState> }) => {
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
  return (
    <div class="net-bar" role="status">
      {shown.value && <p class={`net-bar-text net-bar-${shown.value}`}>{text.room[shown.value]}</p>}
    </div>
  );
};
