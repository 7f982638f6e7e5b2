/** The other side of a room that another component opens. */

import type { Receiver } from "@chatchat/client";
import { useEffect, useState } from "preact/hooks";
import type { LiveChat } from "../chat.js";

/** Returns the room's receiver, and renders again when it changes; undefined until it is loaded. */
export const useReceiver = ({ chat }: LiveChat, id: number | undefined): Receiver | undefined => {
  const [known, setKnown] = useState<{ id: number; receiver: Receiver }>();
  useEffect(
    () =>
      chat.on("room", ({ id: changed, receiver }) => {
        if (changed !== id || !receiver) return;
        setKnown((last) =>
          last?.id === id && last.receiver === receiver ? last : { id, receiver },
        );
      }),
    [chat, id],
  );
  if (known?.id === id) return known?.receiver;
  return chat.rooms.find((room) => room.id === id)?.receiver;
};
