/** Runs the steps that bring a room up to date, and repeats those that fail. */

import type { ChatError } from "./error.js";
import { jitter } from "./wait.js";

/** How long to wait for frames that were only overtaken, before a gap is fetched. */
const REORDER_MS = 200;

/** What a run needs and reports. @internal */
export interface SyncPorts {
  /** Returns the next step, if any. `isFirst` is true until a step of the run has succeeded. */
  next(isFirst: boolean): (() => Promise<void>) | undefined;
  succeeded(): void;
  /** Handles an error. Returns whether the run continues. */
  failed(error: ChatError): boolean;
}

/** @internal */
export class Sync {
  readonly #ports: SyncPorts;
  #running = false;
  #notBefore = 0;
  #hurry: (() => void) | undefined;

  constructor(ports: SyncPorts) {
    this.#ports = ports;
  }

  /** Runs until there is no step left. If a run is active already, that run takes the new steps. */
  async run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    let attempts = 0;
    let isFirst = true;
    for (let step = this.#ports.next(isFirst); step; step = this.#ports.next(isFirst)) {
      // `wake` does not shorten this pause, which the server asked for.
      const left = this.#notBefore - performance.now();
      if (left > 0) {
        await this.pause(left);
        continue;
      }
      try {
        await step();
        isFirst = false;
        attempts = 0;
        this.#ports.succeeded();
      } catch (caught) {
        const error = caught as ChatError;
        if (!this.#ports.failed(error)) break;
        const wait = (error.retryAfter ?? 0) * 1_000;
        this.#notBefore = performance.now() + wait;
        await this.pause(wait + jitter(attempts++));
      }
    }
    this.#running = false;
  }

  /** Ends a pause early. */
  wake(): void {
    this.#hurry?.();
    void this.run();
  }

  async pause(ms = REORDER_MS): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#hurry = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
  }
}
