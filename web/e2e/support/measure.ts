/** Measures a page: frames, layout shifts, paints, long tasks, nodes, heap. */

import type { CDPSession, Page } from "@playwright/test";

/** The measurements that the browser has reported since the page's start. */
export interface Vitals {
  /** The time of the largest contentful paint, in milliseconds after the navigation. */
  lcp: number;
  /** The sum of all layout shifts that no input caused. */
  cls: number;
  /** The tasks over 50 ms, as start and duration. */
  longTasks: { start: number; duration: number }[];
  /** The elements that shifted, for a test's error message. */
  shifted: string[];
}

/** Collects {@link Vitals} in each page that is loaded from then on. */
export const observe = (page: Page) =>
  page.addInitScript(() => {
    const vitals = { lcp: 0, cls: 0, longTasks: [] as object[], shifted: [] as string[] };
    Reflect.set(window, "vitals", vitals);
    const on = (type: string, take: (entry: PerformanceEntry) => void): void =>
      new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({
        type,
        buffered: true,
      });
    on("largest-contentful-paint", ({ startTime }) => {
      vitals.lcp = startTime;
    });
    on("layout-shift", (entry) => {
      const { value, hadRecentInput, sources } = entry as PerformanceEntry & {
        value: number;
        hadRecentInput: boolean;
        sources: { node: Node | null }[];
      };
      if (hadRecentInput) return;
      vitals.cls += value;
      for (const { node } of sources) {
        const element = node instanceof Element ? node : node?.parentElement;
        vitals.shifted.push(`${element?.tagName}.${element?.className}`);
      }
    });
    on("longtask", ({ startTime: start, duration }) => {
      vitals.longTasks.push({ start, duration });
    });
  });

export const vitals = (page: Page): Promise<Vitals> =>
  page.evaluate(() => Reflect.get(window, "vitals"));

/** Returns the longest task since a time of the page, in milliseconds; 0 if none was over 50 ms. */
export const longestTask = async (page: Page, since: number): Promise<number> => {
  const { longTasks } = await vitals(page);
  return Math.max(0, ...longTasks.filter(({ start }) => start >= since).map((t) => t.duration));
};

/** Returns the page's time, on the same clock as its long tasks. */
export const timeOf = (page: Page): Promise<number> => page.evaluate(() => performance.now());

/** Slows the page's network and processor down: 1.6 Mbit/s, 150 ms, a quarter of the speed. */
export const slowDown = async (cdp: CDPSession, cpu = 4): Promise<void> => {
  await cdp.send("Network.enable");
  await cdp.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 150,
    downloadThroughput: 200_000,
    uploadThroughput: 93_750,
  });
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: cpu });
};

/** The objects that a page holds after a garbage collection. */
export interface Held {
  heap: number;
  nodes: number;
  listeners: number;
}

export const held = async (cdp: CDPSession): Promise<Held> => {
  // Some objects are freed only by a later collection.
  for (let n = 0; n < 3; n++) await cdp.send("HeapProfiler.collectGarbage");
  const { jsEventListeners, nodes } = await cdp.send("Memory.getDOMCounters");
  const { usedSize } = await cdp.send("Runtime.getHeapUsage");
  return { heap: usedSize, nodes, listeners: jsEventListeners };
};

/** Returns the number of elements in the page. */
export const elements = (page: Page): Promise<number> =>
  page.evaluate(() => document.getElementsByTagName("*").length);

/**
 * Scrolls an element by `step` pixels in each frame, as a fling does, and returns the times between
 * the frames in milliseconds.
 */
export const fling = (page: Page, selector: string, step: number, frames: number) =>
  page.evaluate(
    ([selector, step, frames]) =>
      new Promise<number[]>((resolve) => {
        const list = document.querySelector(selector)!;
        const times: number[] = [];
        let before: number | undefined;
        const next = (now: number): void => {
          if (before !== undefined) times.push(now - before);
          before = now;
          list.scrollTop += step;
          if (times.length < frames) requestAnimationFrame(next);
          else resolve(times);
        };
        requestAnimationFrame(next);
      }),
    [selector, step, frames] as const,
  );
