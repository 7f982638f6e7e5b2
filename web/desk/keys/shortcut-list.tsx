/** The dialog that lists the shortcuts. */

import { signal } from "@preact/signals";
import { Modal } from "../../ui/dialog.js";
import { text as shared } from "../../ui/text/index.js";
import { text } from "../text/index.js";
import "./shortcut-list.css";

/** Whether the list of shortcuts is open. */
export const isListShown = signal(false);

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

export const ShortcutList = () => {
  const words = text.shortcuts;
  const rows: [keys: string[], meaning: string][] = [
    [["J", "↓"], words.next],
    [["K", "↑"], words.previous],
    [["Enter"], words.open],
    [["R"], words.composer],
    [["/"], words.canned],
    [["U"], words.unread],
    [[isMac ? "⌘ K" : "Ctrl K"], words.search],
    [["Esc"], words.leave],
    [["?"], words.list],
  ];
  const close = (): void => {
    isListShown.value = false;
  };
  return (
    <Modal title={words.title} onClose={close}>
      <dl class="shortcuts">
        {rows.map(([keys, meaning]) => (
          <div key={meaning}>
            <dt>
              {keys.map((key, index) => (
                <>
                  {index > 0 && <span class="dim">{words.or}</span>}
                  <kbd>{key}</kbd>
                </>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={close}>
          {shared.close}
        </button>
      </div>
    </Modal>
  );
};
