/** One conversation: its head, messages and composer. It fills the height of its parent. */

import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { LiveChat } from "../chat.js";
import type { Canned } from "./canned.js";

export interface RoomViewProps {
  live: LiveChat;
  /** The room. Give the component `key={id}`, so that another room starts anew. */
  id: number;
  /** The address of the list, for a link in the head of narrow screens. */
  back?: string | undefined;
  /** At the end of the head. */
  menu?: ComponentChildren;
  /** Directly above the composer. */
  chips?: ComponentChildren;
  /** Prepared answers that `/` offers in the composer. */
  canned?: Canned | undefined;
  /** The user leaves a room that does not exist. */
  onGone?: (() => void) | undefined;
}

export const RoomView = ({ live, id }: RoomViewProps) => {
  useEffect(() => {
    const room = live.chat.room(id);
    return () => room.close();
  }, [live, id]);
  return <section class="room" />;
};
