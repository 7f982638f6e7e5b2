/** The head of a room: a link back, the other side's picture and name, and a menu. */

import type { Receiver, Role } from "@chatchat/client";
import type { ComponentChildren } from "preact";
import { Link } from "wouter-preact";
import { Avatar } from "../avatar.js";
import { BackIcon } from "../icons.js";
import { text } from "../text/index.js";
import "./head.css";

/** The fields of the other side that the head shows. A row of the list of rooms has them, too. */
export type HeadReceiver = Pick<Receiver, "receiverId" | "receiverName" | "receiverImageUrl">;

interface RoomHeadProps {
  receiver: HeadReceiver | undefined;
  /** The role of the account. */
  role: Role;
  back: string | undefined;
  menu: ComponentChildren;
}

export const RoomHead = ({ receiver, role, back, menu }: RoomHeadProps) => {
  const name = receiver?.receiverName ?? text.unknownPerson;
  return (
    <header class="room-head">
      {back !== undefined && (
        <Link class="icon-button room-back" href={back}>
          <BackIcon />
          <span class="visually-hidden">{text.back}</span>
        </Link>
      )}
      {receiver && (
        <>
          <Avatar
            id={receiver.receiverId}
            name={receiver.receiverName ?? "?"}
            url={receiver.receiverImageUrl}
            size={36}
            kind={role === "customer" ? "company" : "person"}
          />
          <h2 class="room-name">{name}</h2>
        </>
      )}
      <div class="room-menu">{menu}</div>
    </header>
  );
};
