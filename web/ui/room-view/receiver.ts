/** The other side of a room that another component opens. */

import type { Receiver } from "@chatchat/client";
import { useEffect, useState } from "preact/hooks";
import type { LiveChat } from "../chat.js";

export interface KnownReceiver {
  /** Undefined until the room is loaded. */
  receiver: Receiver | undefined;
  /** Whether the room could not be loaded. */
  hasFailed: boolean;
}

/** Returns the room's receiver, and renders again when it changes. */
export const useReceiver = ({ chat }: LiveChat, id: number | undefined): KnownReceiver => {
  const [known, setKnown] = useState<KnownReceiver & { id: number }>();
  useEffect(
    () =>
      chat.on("room", ({ id: changed, receiver, error }) => {
        if (changed !== id) return;
        setKnown((last) => {
          const before = last?.id === id ? last : undefined;
          const found = receiver ?? before?.receiver;
          const hasFailed = !found && !!error;
          const isSame = before?.receiver === found && before?.hasFailed === hasFailed;
          return before && isSame ? before : { id, receiver: found, hasFailed };
        });
      }),
    [chat, id],
  );
  if (known && known.id === id) return known;
  const room = chat.rooms.find((room) => room.id === id);
  return { receiver: room?.receiver, hasFailed: !!room?.error && !room.receiver };
};
