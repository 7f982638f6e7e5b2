/** Blocking the customer of a room: the button in its head, the dialog, and the notice. */

import { ChatError, type Receiver } from "@chatchat/client";
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { Dialog } from "../../ui/dialog.js";
import { errorText } from "../../ui/error-text.js";
import { text as shared } from "../../ui/text/index.js";
import { toast } from "../../ui/toast.js";
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
export const BlockDialog = ({ room: id, receiver, onClose }: BlockDialogProps) => {
  const { chat } = useDesk().live;
  const words = text.block;
  const isBusy = useSignal(false);
  // The receiver changes before the dialog is closed.
  const ends = useMemo(() => receiver.blocked, []);
  const name = receiver.receiverName ?? shared.unknownPerson;
  const act = async (): Promise<void> => {
    const room = chat.room(id);
    isBusy.value = true;
    try {
      await (ends ? room.unblock() : room.block());
      toast(ends ? words.ended(name) : words.done(name));
    } catch (error) {
      if (!(error instanceof ChatError)) throw error;
      toast(errorText(error));
    }
    onClose();
  };
  return (
    <Dialog
      title={ends ? words.endQuestion(name) : words.question(name)}
      action={ends ? words.end : words.action}
      isDangerous={!ends}
      isBusy={isBusy.value}
      onAction={() => void act()}
      onClose={() => {
        if (!isBusy.value) onClose();
      }}
    >
      <p>{ends ? words.endMeaning : words.meaning}</p>
    </Dialog>
  );
};
