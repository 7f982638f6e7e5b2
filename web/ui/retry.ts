/** Repeats calls that can succeed later without a change by the user. */

import { ChatError } from "@chatchat/client";

const MAX_REPEATS = 3;
/** A longer wait is for the user to decide. */
const MAX_WAIT_SECONDS = 5;

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Repeats a call that is answered with 503, after `Retry-After`, at most three times.
 * Use it only where a repeat of a call that succeeded unnoticed does no harm.
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
