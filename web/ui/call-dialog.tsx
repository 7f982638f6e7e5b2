/** A dialog that asks before a call to the API. A notice then tells its outcome. */

import { ChatError } from "@chatchat/client";
import { useSignal } from "@preact/signals";
import { Dialog, type DialogProps } from "./dialog.js";
import { errorText } from "./error-text.js";
import { toast } from "./toast.js";

export interface CallDialogProps
  extends Pick<DialogProps, "title" | "children" | "action" | "isDangerous"> {
  call: () => Promise<unknown>;
  /** The notice after the call has succeeded. */
  done: string;
  /** Called after the call has succeeded; by default `onClose`. */
  onDone?: () => void;
  /** Called after the user has cancelled, and if the call fails. */
  onClose: () => void;
}

export const CallDialog = ({ call, done, onClose, onDone = onClose, ...rest }: CallDialogProps) => {
  const isBusy = useSignal(false);
  const act = async (): Promise<void> => {
    isBusy.value = true;
    try {
      await call();
      toast(done);
      onDone();
    } catch (error) {
      if (!(error instanceof ChatError)) throw error;
      toast(errorText(error));
      onClose();
    }
  };
  return (
    <Dialog
      {...rest}
      isBusy={isBusy.value}
      onAction={() => void act()}
      onClose={() => {
        if (!isBusy.value) onClose();
      }}
    />
  );
};
