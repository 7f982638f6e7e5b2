/** Coordinates the tabs of the desk by Web Locks, which the browser releases when a tab closes. */

const RING = "chatchat.ring";
const roomLock = (account: number | undefined, room: number): string =>
  `chatchat.room.${account}.${room}`;

/** Without Web Locks each tab acts alone. */
const locks: LockManager | undefined = navigator.locks;

let isRinging = !locks;
/** Aborts the request of a tab that waits for its turn. */
let waiting: AbortController | undefined;

const hold = (): Promise<never> => {
  isRinging = true;
  return new Promise<never>(() => {});
};

const request = (options: LockOptions): void => {
  locks?.request(RING, options, hold).catch(() => {
    if (options.signal?.aborted) return;
    // Another tab took it over.
    isRinging = false;
    wait();
  });
};

const wait = (): void => {
  waiting = new AbortController();
  request({ signal: waiting.signal });
};

/** Whether this tab is the one that rings and shows notifications. */
export const isRingingTab = (): boolean => isRinging;

/** Makes one of the open tabs the one that rings. */
export const queueForRinging = (): void => {
  if (!waiting && !isRinging) wait();
};

/** Makes this tab the one that rings. Call it in the tab that the user has just used. */
export const takeOverRinging = (): void => {
  if (isRinging) return;
  isRinging = true;
  waiting?.abort();
  request({ steal: true });
};

/** Tells the other tabs that this one shows a room. Returns a function that ends this. */
export const reportRoomOnScreen = (account: number | undefined, room: number): (() => void) => {
  let release = (): void => {};
  const isShown = new Promise<void>((resolve) => {
    release = resolve;
  });
  void locks?.request(roomLock(account, room), { mode: "shared" }, () => isShown);
  return () => release();
};

/** Whether any tab shows the room. */
export const isRoomOnScreen = async (
  account: number | undefined,
  room: number,
): Promise<boolean> => {
  const { held = [] } = (await locks?.query()) ?? {};
  return held.some(({ name }) => name === roomLock(account, room));
};
