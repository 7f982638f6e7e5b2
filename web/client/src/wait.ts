/** Waiting: every wait has a bound and obeys a signal, and retries are spread out. */

import { ChatError } from "./error.js";

/** A signal that ends a wait or a call early. */
export interface Waiting {
  /** Ends it early; it then fails with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * Runs `work` for at most `ms` milliseconds. The result does not depend on whether `work` obeys its
 * signal.
 *
 * @throws the reason of `signal` if that aborts; a ChatError with the code `network` if time is up
 */
export const bounded = async <T>(
  ms: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  signal?.throwIfAborted();
  const control = new AbortController();
  const stop = (): void => control.abort(signal?.reason);
  const late = new ChatError({ code: "network", message: "No answer came in time." });
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
 * Full jitter: a random wait from 0 to `min(30 s, 1 s · 2^attempt)`, so that clients that failed
 * together do not try again together.
 *
 * @param attempt - the number of attempts that failed before this wait, counted from 0
 * @returns milliseconds
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export const jitter = (attempt: number): number =>
  Math.random() * Math.min(30_000, 1_000 * 2 ** attempt);
