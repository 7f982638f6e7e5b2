/** Modal dialogs. The browser keeps the focus inside, closes them by Esc, and returns the focus. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { text } from "./text/index.js";
import "./dialog.css";

export interface ModalProps {
  title: string;
  children: ComponentChildren;
  /** Called after Esc. Without it the dialog stays open. */
  onClose?: (() => void) | undefined;
}

/** A dialog with any contents. Render it to open it. */
export const Modal = ({ title, children, onClose }: ModalProps) => {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const opener = document.activeElement;
    const element = dialog.current;
    element?.showModal();
    return () => {
      element?.close();
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      // Chromium closes the dialog at the second Esc, even if `cancel` was prevented.
      onClose={({ currentTarget }) => {
        if (!currentTarget.isConnected) return;
        if (onClose) onClose();
        else currentTarget.showModal();
      }}
    >
      <h2 id={titleId}>{title}</h2>
      {children}
    </dialog>
  );
};

export interface DialogProps {
  title: string;
  /** The text between the title and the buttons. */
  children?: ComponentChildren;
  /** The label of the button that acts: a verb. */
  action: string;
  /** Whether the action deletes something. */
  isDangerous?: boolean;
  /** Disables the button while its work is under way. */
  isBusy?: boolean;
  /** The label of the button that cancels; `null` for a dialog with one button. */
  cancel?: string | null;
  onAction: () => void;
  /** Called after Esc or the cancel button. Without it the dialog stays open until the action. */
  onClose?: () => void;
}

/** A dialog that asks, with a button that acts and one that cancels. Render it to open it. */
export const Dialog = ({
  title,
  children,
  action,
  isDangerous,
  isBusy,
  cancel = text.cancel,
  onAction,
  onClose,
}: DialogProps) => (
  <Modal title={title} onClose={onClose}>
    <form
      method="dialog"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isBusy) onAction();
      }}
    >
      {children}
      <div class="dialog-actions">
        {cancel !== null && onClose && (
          <button type="button" class="button" onClick={onClose}>
            {cancel}
          </button>
        )}
        <button
          type="submit"
          class={`button ${isDangerous ? "button-danger" : "button-primary"}`}
          aria-disabled={isBusy}
        >
          {action}
        </button>
      </div>
    </form>
  </Modal>
);
