/** Notifications of the operating system, one for each room. */

import { signal } from "@preact/signals";

/** `unsupported` also if the browser has notifications only for service workers. */
export const permission = signal<NotificationPermission | "unsupported">(
  "Notification" in globalThis ? Notification.permission : "unsupported",
);

const shown = new Map<number, Notification>();

/** Shows a notification. Returns undefined if the browser does not support it for pages. */
const show = (title: string, options: NotificationOptions): Notification | undefined => {
  try {
    // The desk has its own sound.
    return new Notification(title, { icon: "/icon.svg", silent: true, ...options });
  } catch {
    // Chromium on Android throws a TypeError.
    permission.value = "unsupported";
    return undefined;
  }
};

/** Asks for permission, and shows the example if it is granted. Call it in a click. */
export const askPermission = async (example: { title: string; body: string }): Promise<boolean> => {
  if (permission.value === "unsupported") return false;
  permission.value = await Notification.requestPermission();
  if (permission.value !== "granted") return false;
  return !!show(example.title, { body: example.body, tag: "chatchat.example" });
};

export interface RoomNotification {
  room: number;
  title: string;
  body: string;
  icon: string | null;
  onClick: () => void;
}

/** Shows a notification in place of the room's last one. */
export const notify = ({ room, title, body, icon, onClick }: RoomNotification): void => {
  if (permission.value !== "granted") return;
  const tag = `chatchat.room.${room}`;
  const notification = show(title, { body, tag, ...(icon ? { icon } : {}) });
  if (!notification) return;
  shown.set(room, notification);
  notification.onclose = () => {
    if (shown.get(room) === notification) shown.delete(room);
  };
  notification.onclick = () => {
    window.focus();
    notification.close();
    onClick();
  };
};

/** Removes the notification of a room that is on screen now. */
export const closeNotification = (room: number): void => {
  shown.get(room)?.close();
  shown.delete(room);
};
