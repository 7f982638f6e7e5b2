/** Sound and notifications for the messages of customers, and the dot of the tab's icon. */

import type { ServerFrames } from "@chatchat/client";
import { effect, signal } from "@preact/signals";
import type { LiveChat } from "../../ui/chat.js";
import { unread } from "../../ui/page.js";
import { go } from "../leave-guard.js";
import { hasQuietHours, notifications, quietFrom, quietTo, sound } from "../preferences.js";
import { showDot } from "./favicon.js";
import { createBurst, noticeOf } from "./notice.js";
import { closeNotification, notify } from "./notification.js";
import { isQuiet } from "./quiet-hours.js";
import { ring, unlockSound } from "./sound.js";
import {
  isRingingTab,
  isRoomOnScreen,
  queueForRinging,
  reportRoomOnScreen,
  takeOverRinging,
} from "./tabs.js";

/** The room that this tab shows. */
export const currentRoom = signal<number | undefined>(undefined);

const isVisible = signal(document.visibilityState === "visible");

/** The browser allows sounds after a gesture. */
const onGesture = (): void => {
  if (sound.peek()) void unlockSound();
  takeOverRinging();
};

const GESTURES = ["pointerup", "keydown"] as const;

/** Starts the notices of an account. Returns a function that ends them. */
export const startNotices = (live: LiveChat): (() => void) => {
  const burst = createBurst();
  const onVisibility = (): void => {
    isVisible.value = document.visibilityState === "visible";
  };
  const onMessage = async ({ roomId, message, sender }: ServerFrames["message"]): Promise<void> => {
    if (!isRingingTab()) return;
    const account = live.account.peek();
    const wanted = noticeOf(message, {
      account,
      isRoomOnScreen:
        (isVisible.peek() && currentRoom.peek() === roomId) ||
        (await isRoomOnScreen(account, roomId)),
      isHidden: document.visibilityState === "hidden",
      isQuiet:
        hasQuietHours.peek() && isQuiet({ from: quietFrom.peek(), to: quietTo.peek() }, new Date()),
    });
    if (wanted.sound && sound.peek() && burst(Date.now())) ring();
    if (wanted.notification && notifications.peek()) {
      notify({
        room: roomId,
        title: sender.name,
        body: message.content,
        icon: sender.imageUrl,
        onClick: () => go(`/desk/rooms/${roomId}`),
      });
    }
  };
  queueForRinging();
  // The login was a gesture.
  if (navigator.userActivation?.hasBeenActive) onGesture();
  document.addEventListener("visibilitychange", onVisibility);
  for (const gesture of GESTURES) addEventListener(gesture, onGesture, { capture: true });
  const ends = [
    live.chat.on("message", (frame) => void onMessage(frame)),
    effect(() => void showDot(unread.value > 0)),
    effect(() => {
      const room = currentRoom.value;
      if (room === undefined || !isVisible.value) return;
      closeNotification(room);
      return reportRoomOnScreen(live.account.peek(), room);
    }),
    () => document.removeEventListener("visibilitychange", onVisibility),
    ...GESTURES.map((gesture) => () => {
      removeEventListener(gesture, onGesture, { capture: true });
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
};
