/** The login over a page whose session has expired. The page keeps its drafts. */

import { LoginForm } from "./account/login-form.js";
import type { LiveChat } from "./chat.js";
import { Modal } from "./dialog.js";
import { text } from "./text/index.js";

export interface SessionExpiredProps {
  live: LiveChat;
  /** Called when the user does not log in. */
  onClose: () => void;
}

export const SessionExpired = ({ live, onClose }: SessionExpiredProps) => (
  <Modal title={text.session.expired} onClose={onClose}>
    <p class="dim">{text.session.expiredHint}</p>
    <LoginForm live={live} />
    <button type="button" class="button button-wide" onClick={onClose}>
      {text.session.toLogin}
    </button>
  </Modal>
);
