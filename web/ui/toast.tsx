/** A short notice at the bottom of the page, one at a time, for five seconds. */

import { signal } from "@preact/signals";
import "./toast.css";

interface Toast {
  text: string;
  action?: { label: string; act: () => void } | undefined;
}

const SHOWN_MS = 5_000;
const current = signal<Toast | undefined>(undefined);
let timer: ReturnType<typeof setTimeout> | undefined;

/** Shows a notice in place of the one before, with an action such as 실행 취소 if one is given. */
export const toast = (text: string, action?: Toast["action"]): void => {
  clearTimeout(timer);
  current.value = { text, action };
  timer = setTimeout(() => {
    current.value = undefined;
  }, SHOWN_MS);
};

/** Where notices appear. Render it once. */
export const Toasts = () => {
  const shown = current.value;
  return (
    <div class="toasts" role="status">
      {shown && (
        <div class="toast">
          <span>{shown.text}</span>
          {shown.action && (
            <button
              type="button"
              class="button button-quiet"
              onClick={() => {
                current.value = undefined;
                shown.action?.act();
              }}
            >
              {shown.action.label}
            </button>
          )}
        </div>
      )}
    </div>
  );
};
