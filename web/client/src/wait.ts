/** Waits with a time limit and a signal, and random pauses between retries. */

import { ChatError } from "./error.js";

/** The option of all calls that wait. */
export interface Waiting {
  /** Ends the call early. It then fails with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * Runs `work` for at most `ms` milliseconds, even if `work` ignores its signal.
 *
 * @throws the reason of `signal` if it aborts; a ChatError with the code `network` after `ms`
 */
export const bounded = async <T>(
  ms: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  signal?.throwIfAborted();
  const control = new AbortController();
  const stop = (): void => control.abort(signal?.reason);
  const late = new ChatError({ code: "network", message: "No response arrived in time." });
  const timer = setTimeout(() => control.abort(late), ms);
  signal?.addEventListener("abort", stop);
  try {
    return await Promise.race([
      work(control.signal),
      new Promise<never>((_, reject) =>
        control.signal.addEventListener("abort", () => reject(control.signal.reason)),
      ),
    ]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
};

/**
 * Returns a random wait from 0 to `min(30 s, 1 s · 2^attempt)` (full jitter), so that clients that
 * failed at the same time do not retry at the same time.
 *
 * @param attempt - the number of attempts that failed before this wait, counted from 0
 * @returns milliseconds
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export const jitter = (attempt: number): number =>
  Math.random() * Math.min(30_000, 1_000 * 2 ** attempt);

/**
 * Returns a random wait of at least half the bound of {@link jitter}, for a client that is over a
 * limit. A repeat without a wait would be over the limit, too.
 */
export const pause = (attempt: number): number =>
  Math.min(30_000, 1_000 * 2 ** attempt) * (0.5 + Math.random() / 2);
