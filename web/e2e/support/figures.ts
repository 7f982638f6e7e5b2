/** Measured figures, which are printed and compared with limits. */

/** Prints a figure. `tests/browser.rs` shows these lines even if all tests pass. */
export const figure = (what: string, value: string | number): void => {
  const shown = typeof value === "number" ? Math.round(value * 100) / 100 : value;
  console.log(`figure: ${what}: ${shown}`);
};

/** Returns a percentile; `share` is between 0 and 1. Returns 0 if there are no values. */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
};

/**
 * Measures at most `times` times, until a measurement is good enough. Returns the best one. Load on
 * the machine can only make a measurement worse. So one measurement within the limit shows that the
 * page keeps the limit.
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
