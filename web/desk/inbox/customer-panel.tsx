/** The customer of a room. Only wide screens show it. */

import type { Receiver } from "@chatchat/client";
import { useEffect, useState } from "preact/hooks";
import { Avatar } from "../../ui/avatar.js";
import { dayLabel } from "../../ui/dates.js";
import { CloseIcon } from "../../ui/icons.js";
import { text as shared } from "../../ui/text/index.js";
import { useDesk } from "../desk-state.js";
import { hasSidePanel } from "../preferences.js";
import { text } from "../text/index.js";
import { isBlocked } from "./block.js";

export interface CustomerPanelProps {
  room: number;
  /** Undefined until the room is loaded. The empty panel keeps the place, so that nothing moves. */
  receiver: Receiver | undefined;
}

export const CustomerPanel = ({ room, receiver }: CustomerPanelProps) => {
  const { chat } = useDesk().live;
  const [firstContact, setFirstContact] = useState<Date>();
  useEffect(() => {
    const abort = new AbortController();
    const input = { path: { id: room }, query: { after: 0, limit: 1 }, signal: abort.signal };
    chat.call("GET /company/chatrooms/{id}/messages", input).then(
      ({ messages: [first] }) => first && setFirstContact(new Date(first.createdAt)),
      () => {
        // The room shows that the network is lost. The panel then has no date.
      },
    );
    return () => abort.abort();
  }, [chat, room]);
  const name = receiver?.receiverName ?? shared.unknownPerson;
  return (
    <aside class="customer" aria-label={text.customer.title}>
      <button
        type="button"
        class="icon-button customer-close"
        aria-label={text.customer.hide}
        title={text.customer.hide}
        onClick={() => {
          hasSidePanel.value = false;
        }}
      >
        <CloseIcon />
      </button>
      {receiver && (
        <>
          <Avatar
            id={receiver.receiverId}
            name={receiver.receiverName ?? "?"}
            url={receiver.receiverImageUrl}
            size={96}
            kind="person"
          />
          <h2>{name}</h2>
          {receiver.receiverDeleted && <p class="dim">{text.customer.withdrawn}</p>}
          {isBlocked(receiver) && <p class="dim">{text.customer.blocked}</p>}
        </>
      )}
      {receiver && firstContact && (
        <dl>
          <dt class="dim">{text.customer.firstContact}</dt>
          <dd>
            <time dateTime={firstContact.toISOString()}>{dayLabel(firstContact)}</time>
          </dd>
        </dl>
      )}
    </aside>
  );
};
