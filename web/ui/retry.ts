/** Repeats calls and loads that failed for a transient reason. */

import { ChatError } from "@chatchat/client";

const MAX_REPEATS = 3;
/** A call fails at once if `Retry-After` is longer. */
const MAX_WAIT_SECONDS = 5;

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Repeats a call that fails with 503, after `Retry-After`, at most three times. Use it only for
 * calls that may run twice, because a call that failed may have succeeded on the server.
 */
export const whileUnavailable = async <T>(call: () => Promise<T>): Promise<T> => {
  for (let repeats = 0; ; repeats++) {
    try {
      return await call();
    } catch (error) {
      const wait = (error instanceof ChatError && error.retryAfter) || 1;
      const isUnavailable = error instanceof ChatError && error.code === "unavailable";
      if (!isUnavailable || repeats === MAX_REPEATS || wait > MAX_WAIT_SECONDS) throw error;
      await delay(wait * 1_000);
    }
  }
};

/** The repeats of one load. */
export interface Retry {
  /** Plans a repeat after a transient error. Returns whether to show the error now. */
  failed(error: ChatError): boolean;
  /** Forgets the failures. */
  succeeded(): void;
  /** Whether a repeat is planned. */
  isPlanned(): boolean;
  close(): void;
}

const MAX_PAUSE_MS = 30_000;

/**
 * Runs `load` again after transient errors: after 1 s, then twice as long each time up to 30 s, and
 * at once when the network returns.
 */
export const createRetry = (load: () => void): Retry => {
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const run = (): void => {
    clearTimeout(timer);
    timer = undefined;
    load();
  };
  const whenOnline = (): void => {
    if (timer) run();
  };
  addEventListener("online", whenOnline);
  return {
    failed: (error) => {
      clearTimeout(timer);
      if (!error.transient) return true;
      const pause = Math.min(MAX_PAUSE_MS, 1_000 * 2 ** failures++);
      timer = setTimeout(run, Math.max(pause, (error.retryAfter ?? 0) * 1_000));
      return failures > 1 || error.code !== "unavailable";
    },
    succeeded: () => {
      failures = 0;
      clearTimeout(timer);
      timer = undefined;
    },
    isPlanned: () => timer !== undefined,
    close: () => {
      clearTimeout(timer);
      removeEventListener("online", whenOnline);
    },
  };
};
