/** The dialog that asks before the customer leaves a room. */

import { ChatError } from "@chatchat/client";
import { useSignal } from "@preact/signals";
import type { LiveChat } from "../ui/chat.js";
import { Dialog } from "../ui/dialog.js";
import { errorText } from "../ui/error-text.js";
import { toast } from "../ui/toast.js";
import { text } from "./text/index.js";

export interface LeaveDialogProps {
  live: LiveChat;
  id: number;
  /** Called when the room is off the list. */
  onLeft: () => void;
  /** Called after the user has cancelled, and if the request fails. */
  onClose: () => void;
  /** Whether the other side has withdrawn, so that no new message will come. */
  isClosed: boolean;
}

export const LeaveDialog = ({ live, id, isClosed, onLeft, onClose }: LeaveDialogProps) => {
  const words = text.rooms;
  const isBusy = useSignal(false);
  const leave = async (): Promise<void> => {
    isBusy.value = true;
    try {
      // A message that arrives meanwhile keeps the room on the list.
      const seq = live.chat.rooms.find((room) => room.id === id)?.lastSeq;
      const query = seq === undefined ? {} : { seq };
      await live.chat.call("DELETE /customer/chatrooms/{id}", { path: { id }, query });
      toast(words.left);
      onLeft();
    } catch (error) {
      if (!(error instanceof ChatError)) throw error;
      toast(errorText(error));
      onClose();
    }
  };
  return (
    <Dialog
      title={words.leaveQuestion}
      action={words.leaveAction}
      isDangerous
      isBusy={isBusy.value}
      onAction={leave}
      onClose={() => {
        if (!isBusy.value) onClose();
      }}
    >
      <p>{isClosed ? words.leaveClosedHint : words.leaveHint}</p>
    </Dialog>
  );
};
