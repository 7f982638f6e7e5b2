/** Full jitter: how long to wait before trying again, so that clients that failed together do not come back together. */

/**
 * A time between 0 and `min(30 s, 1 s · 2^attempt)`, evenly spread.
 *
 * @param attempt - how many tries have failed before this wait, counting from 0
 * @returns milliseconds
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export const jitter = (attempt: number): number => Math.random() * Math.min(30_000, 1_000 * 2 ** attempt);
