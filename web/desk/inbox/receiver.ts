/** The other side of a room that another component has opened. */

import type { Receiver } from "@chatchat/client";
import { useEffect, useState } from "preact/hooks";
import type { LiveChat } from "../../ui/chat.js";

/** Undefined until the room is loaded. */
export const useReceiver = ({ chat }: LiveChat, id: number | undefined): Receiver | undefined => {
  const [known, setKnown] = useState<{ id: number; receiver: Receiver }>();
  useEffect(
    () =>
      chat.on("room", (room) => {
        if (room.id === id && room.receiver) setKnown({ id, receiver: room.receiver });
      }),
    [chat, id],
  );
  return known?.id === id ? known?.receiver : undefined;
};
