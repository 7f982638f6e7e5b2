/** The dialog that asks before the customer leaves a room. */

import { CallDialog } from "../ui/call-dialog.js";
import type { LiveChat } from "../ui/chat.js";
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
  return (
    <CallDialog
      title={words.leaveQuestion}
      action={words.leaveAction}
      isDangerous
      call={() => {
        // A message that arrives meanwhile keeps the room on the list.
        const seq = live.chat.rooms.find((room) => room.id === id)?.lastSeq;
        const query = seq === undefined ? {} : { seq };
        return live.chat.call("DELETE /customer/chatrooms/{id}", { path: { id }, query });
      }}
      done={words.left}
      onDone={onLeft}
      onClose={onClose}
    >
      <p>{isClosed ? words.leaveClosedHint : words.leaveHint}</p>
    </CallDialog>
  );
};
