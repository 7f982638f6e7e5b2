/** A clock for thousands of clients. It uses a heap, because Vitest's clock searches all timers. */

import { vi } from "vitest";

interface Timer {
  at: number;
  order: number;
  act: (() => void) | undefined;
}

/** Lets all promises that are settled run their reactions. */
const microtasks = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const before = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

export class FastClock {
  now = 0;
  #count = 0;
  readonly #heap: Timer[] = [];

  /** Replaces the timers and the clocks until the end of the test. */
  install(): void {
    vi.stubGlobal(
      "setTimeout",
      (act: (...input: unknown[]) => void, ms = 0, ...input: unknown[]) => {
        const at = this.now + Math.max(0, ms);
        return this.#push({ at, order: this.#count++, act: () => act(...input) });
      },
    );
    vi.stubGlobal("clearTimeout", (timer: Timer | undefined) => {
      if (timer) timer.act = undefined;
    });
    vi.stubGlobal("performance", { now: () => this.now });
    vi.spyOn(Date, "now").mockImplementation(() => 1_795_339_800_000 + this.now);
  }

  /** Moves the clock, and runs everything that is due until then. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    await microtasks();
    for (let first = this.#heap[0]; first && first.at <= end; first = this.#heap[0]) {
      this.now = first.at;
      while (this.#heap[0]?.at === this.now) this.#pop().act?.();
      await microtasks();
    }
    this.now = end;
  }

  #push(timer: Timer): Timer {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    for (
      let parent = (at - 1) >> 1;
      at > 0 && before(timer, heap[parent]!);
      parent = (at - 1) >> 1
    ) {
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = timer;
    return timer;
  }

  #pop(): Timer {
    const heap = this.#heap;
    const [first] = heap as [Timer];
    const last = heap.pop()!;
    if (!heap.length) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (child >= heap.length || !before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}
