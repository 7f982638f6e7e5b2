/** A room of the customer. */

import { useSignal } from "@preact/signals";
import { Link } from "wouter-preact";
import type { LiveChat } from "../ui/chat.js";
import { LeaveIcon, ProfileIcon } from "../ui/icons.js";
import { isWide } from "../ui/media.js";
import { Heading, useTitle } from "../ui/page.js";
import type { RoomListStore } from "../ui/room-list-store.js";
import { useReceiver } from "../ui/room-view/receiver.js";
import { RoomView } from "../ui/room-view/room-view.js";
import { text as shared } from "../ui/text/index.js";
import { FaqChips } from "./faq-chips.js";
import { LeaveDialog } from "./leave-dialog.js";
import { text } from "./text/index.js";

export interface RoomProps {
  live: LiveChat;
  /** The list, which knows the name of a room that is not loaded. */
  rooms: RoomListStore | undefined;
  id: number;
  /** Called when the user has left the room, or leaves one that does not exist. */
  onGone: () => void;
}

export const Room = ({ live, rooms, id, onGone }: RoomProps) => {
  const { receiver } = useReceiver(live, id);
  const listed = receiver ? undefined : rooms?.rows.value?.find((row) => row.id === id);
  const shown = receiver ?? listed;
  const isLeaving = useSignal(false);
  const title = shown ? (shown.receiverName ?? shared.unknownPerson) : text.rooms.room;
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
        listed={listed}
        back={isWide.value ? undefined : "/rooms"}
        menu={
          receiver && (
            <>
              {!receiver.receiverDeleted && (
                <Link
                  href={`/c/${receiver.receiverId}`}
                  class="icon-button"
                  aria-label={text.rooms.profile}
                  title={text.rooms.profile}
                >
                  <ProfileIcon />
                </Link>
              )}
              <button
                type="button"
                class="icon-button"
                aria-label={text.rooms.leave}
                title={text.rooms.leave}
                onClick={() => {
                  isLeaving.value = true;
                }}
              >
                <LeaveIcon />
              </button>
            </>
          )
        }
        chips={<FaqChips live={live} roomId={id} />}
        onGone={onGone}
      />
      {isLeaving.value && (
        <LeaveDialog
          live={live}
          id={id}
          isClosed={!!receiver?.receiverDeleted}
          onLeft={() => {
            rooms?.remove(id);
            // The user may have gone to another page with the browser's buttons.
            if (location.pathname === `/rooms/${id}`) onGone();
          }}
          onClose={() => {
            isLeaving.value = false;
          }}
        />
      )}
    </>
  );
};
