/** A room of the customer. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Link } from "wouter-preact";
import type { LiveChat } from "../ui/chat.js";
import { ProfileIcon } from "../ui/icons.js";
import { isWide } from "../ui/media.js";
import { Heading, useTitle } from "../ui/page.js";
import { RoomView } from "../ui/room-view/room-view.js";
import { text as shared } from "../ui/text/index.js";
import { FaqChips } from "./faq-chips.js";
import { text } from "./text/index.js";

export interface RoomProps {
  live: LiveChat;
  id: number;
  /** The user leaves a room that does not exist. */
  onGone: () => void;
}

export const Room = ({ live, id, onGone }: RoomProps) => {
  const receiver = useSignal(live.chat.rooms.find((room) => room.id === id)?.receiver);
  useEffect(
    () =>
      live.chat.on("room", (room) => {
        if (room.id === id) receiver.value = room.receiver;
      }),
    [live, id],
  );
  const known = receiver.value;
  const title = known ? (known.receiverName ?? shared.unknownPerson) : text.rooms.room;
  useTitle(title);
  return (
    <>
      {!isWide.value && (
        <div class="visually-hidden">
          <Heading>{title}</Heading>
        </div>
      )}
      <RoomView
        live={live}
        id={id}
        back={isWide.value ? undefined : "/rooms"}
        menu={
          known &&
          !known.receiverDeleted && (
            <Link
              href={`/c/${known.receiverId}`}
              class="icon-button"
              aria-label={text.rooms.profile}
              title={text.rooms.profile}
            >
              <ProfileIcon />
            </Link>
          )
        }
        chips={<FaqChips live={live} roomId={id} />}
        onGone={onGone}
      />
    </>
  );
};
