/** Blocking the customer of a room: the button in its head, the dialog, and the notice. */

import type { Receiver } from "@chatchat/client";
import { useMemo } from "preact/hooks";
import { CallDialog } from "../../ui/call-dialog.js";
import { text as shared } from "../../ui/text/index.js";
import { useDesk } from "../desk-state.js";
import { BlockIcon } from "../icons.js";
import { text } from "../text/index.js";
import "./block.css";

/** Whether to show that the customer is blocked. One who has withdrawn cannot write anyway. */
export const isBlocked = (receiver: Receiver | undefined): boolean =>
  !!receiver?.blocked && !receiver.receiverDeleted;

interface AskProps {
  /** Opens the dialog. */
  onAsk: () => void;
}

export const BlockButton = ({ isBlocked, onAsk }: AskProps & { isBlocked: boolean }) => {
  const label = isBlocked ? text.block.end : text.block.start;
  return (
    <button
      type="button"
      class={`icon-button block-button ${isBlocked ? "is-on" : ""}`}
      aria-label={label}
      title={label}
      onClick={onAsk}
    >
      <BlockIcon />
    </button>
  );
};

/** Says above the composer that the customer is blocked. */
export const BlockNotice = ({ onAsk }: AskProps) => (
  <div class="block-notice">
    <p>{text.customer.blocked}</p>
    <button type="button" class="button" onClick={onAsk}>
      {text.block.end}
    </button>
  </div>
);

export interface BlockDialogProps {
  room: number;
  receiver: Receiver;
  /** Called after the user has cancelled, and after the request. */
  onClose: () => void;
}

/** Asks whether to block the customer, or to unblock a blocked one. */
export const BlockDialog = ({ room, receiver, onClose }: BlockDialogProps) => {
  const { chat } = useDesk().live;
  const words = text.block;
  // The receiver changes before the dialog is closed.
  const ends = useMemo(() => receiver.blocked, []);
  const name = receiver.receiverName ?? shared.unknownPerson;
  return (
    <CallDialog
      title={ends ? words.endQuestion(name) : words.question(name)}
      action={ends ? words.end : words.action}
      isDangerous={!ends}
      call={() => (ends ? chat.room(room).unblock() : chat.room(room).block())}
      done={ends ? words.ended(name) : words.done(name)}
      onClose={onClose}
    >
      <p>{ends ? words.endMeaning : words.meaning}</p>
    </CallDialog>
  );
};
