/** Decides whether a message causes a sound and a notification. */

/** A message that has arrived. */
export interface Arrival {
  senderId: number;
  type: "general" | "auto";
}

/** The state of the desk when it arrives. */
export interface Situation {
  /** The account that is logged in. */
  account: number | undefined;
  /** Whether a tab shows the room of the message. */
  isRoomOnScreen: boolean;
  /** Whether this page is hidden. */
  isHidden: boolean;
  isQuiet: boolean;
}

/** The notices of a message, before the user's choices and the browser's permission are applied. */
export interface Notice {
  sound: boolean;
  notification: boolean;
}

/** Only a message that a customer typed, in a room that no tab shows, causes a notice. */
export const noticeOf = ({ senderId, type }: Arrival, situation: Situation): Notice => {
  const isWanted =
    type === "general" &&
    senderId !== situation.account &&
    !situation.isRoomOnScreen &&
    !situation.isQuiet;
  return { sound: isWanted, notification: isWanted && situation.isHidden };
};

/** Messages that arrive within this time after a sound make no sound. */
const BURST_MS = 3_000;

/** Creates a function that takes the time, and returns whether a sound is due then. */
export const createBurst = (): ((now: number) => boolean) => {
  let last = Number.NEGATIVE_INFINITY;
  return (now) => {
    if (now - last < BURST_MS) return false;
    last = now;
    return true;
  };
};
