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
}

export const LeaveDialog = ({ live, id, onLeft, onClose }: LeaveDialogProps) => {
  const words = text.rooms;
  const isBusy = useSignal(false);
  const leave = async (): Promise<void> => {
    isBusy.value = true;
    try {
      await live.chat.call("DELETE /customer/chatrooms/{id}", { path: { id } });
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
      onClose={onClose}
    >
      <p>{words.leaveHint}</p>
    </Dialog>
  );
};
