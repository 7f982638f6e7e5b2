/** Offers notifications above the list of rooms. */

import { isOfferDeclined, notifications } from "../preferences.js";
import { text } from "../text/index.js";
import { askPermission, permission } from "./notification.js";

/** Asks for the browser's permission. Call it in a click. */
export const allowNotifications = async (): Promise<void> => {
  const { notificationsExample: title, notificationsExampleBody: body } = text.settings;
  notifications.value = true;
  await askPermission({ title, body });
};

export const NoticeOffer = () => {
  if (permission.value !== "default" || !notifications.value || isOfferDeclined.value) return null;
  return (
    <div class="notice-offer">
      <p>{text.notices.offer}</p>
      <div class="actions">
        <button
          type="button"
          class="button button-primary"
          onClick={() => void allowNotifications()}
        >
          {text.notices.accept}
        </button>
        <button
          type="button"
          class="button button-quiet"
          onClick={() => {
            isOfferDeclined.value = true;
          }}
        >
          {text.notices.decline}
        </button>
      </div>
    </div>
  );
};
