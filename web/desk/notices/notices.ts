/** Starts the sound, the notifications and the dot of the tab's icon for the desk. */

import type { ServerFrames } from "@chatchat/client";
import { effect, signal } from "@preact/signals";
import type { LiveChat } from "../../ui/chat.js";
import { unread } from "../../ui/unread.js";
import { go } from "../leave-guard.js";
import { hasQuietHours, notifications, quietFrom, quietTo, sound } from "../preferences.js";
import { showDot } from "./favicon.js";
import { createBurst, noticeOf } from "./notice.js";
import { closeNotification, notify } from "./notification.js";
import { isQuiet } from "./quiet-hours.js";
import { canRing, ring, unlockSound } from "./sound.js";
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

/**
 * Waits for gestures, after which the browser allows sounds. Call this once, before the login,
 * because the login is a gesture, too.
 */
export const watchGestures = (): void => {
  for (const gesture of ["pointerup", "keydown"]) {
    addEventListener(
      gesture,
      () => {
        if (sound.peek()) void unlockSound();
        takeOverRinging();
      },
      { capture: true },
    );
  }
};

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
    // A message without a sound does not begin a burst.
    if (wanted.sound && sound.peek() && canRing.peek() && burst(Date.now())) ring();
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
  document.addEventListener("visibilitychange", onVisibility);
  const disposers = [
    live.chat.on("message", (frame) => void onMessage(frame)),
    effect(() => void showDot(unread.value > 0)),
    effect(() => {
      const room = currentRoom.value;
      if (room === undefined || !isVisible.value) return;
      closeNotification(room);
      return reportRoomOnScreen(live.account.peek(), room);
    }),
    () => document.removeEventListener("visibilitychange", onVisibility),
  ];
  return () => {
    for (const dispose of disposers) dispose();
  };
};
