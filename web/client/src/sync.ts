/** Runs the steps that bring a room up to date, and repeats those that fail. */

import type { ChatError } from "./error.js";
import { jitter } from "./wait.js";

/** Frames that overtake each other are in order again after this, most of the time. */
const REORDER_MS = 200;

/** What a run needs and reports. @internal */
export interface SyncPorts {
  /** The next step; undefined if there is none. `isFirst` until a step of the run has succeeded. */
  next(isFirst: boolean): (() => Promise<void>) | undefined;
  succeeded(): void;
  /** Returns whether the run goes on. */
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

  /** Runs until there is no step left. A run that goes on already takes up what is new. */
  async run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    let attempts = 0;
    let isFirst = true;
    for (let step; (step = this.#ports.next(isFirst)); ) {
      // What ends a pause early does not end this one.
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
    let timer;
    await new Promise<void>((resolve) => {
      this.#hurry = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
  }
}
