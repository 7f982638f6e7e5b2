/** What the tabs of one browser share: locks and a channel. */

import type { Tabs } from "../../src/index.js";
import { later } from "./server.js";

export class FakeBrowser {
  readonly #queues = new Map<string, Promise<unknown>>();
  readonly #channels: FakeChannel[] = [];
  /** How long a message takes to the other tabs; longer than the grant of a lock, as it may be in browsers. */
  delayMs = 20;

  /** One more tab. */
  tab(): Required<Tabs> {
    const channel = new FakeChannel(this.#channels, () => this.delayMs);
    return { locks: { request: (name, held) => this.#request(name, held) }, channel };
  }

  #request(name: string, held: () => Promise<unknown>): Promise<unknown> {
    const turn = (this.#queues.get(name) ?? Promise.resolve()).then(held);
    this.#queues.set(name, turn.catch(() => {}));
    return turn;
  }
}

export class FakeChannel {
  onmessage: BroadcastChannel["onmessage"] = null;
  readonly #all: FakeChannel[];
  readonly #delay: () => number;
  #closed = false;

  constructor(all: FakeChannel[], delay: () => number) {
    this.#all = all;
    this.#delay = delay;
    all.push(this);
  }

  postMessage(data: unknown): void {
    if (this.#closed) throw new Error("InvalidStateError");
    const others = this.#all.filter((other) => other !== this && !other.#closed);
    void later(this.#delay()).then(() => {
      for (const other of others) {
        const heard = other.onmessage as ((event: { data: unknown }) => void) | null;
        heard?.({ data: structuredClone(data) });
      }
    });
  }

  close(): void {
    this.#closed = true;
  }
}
