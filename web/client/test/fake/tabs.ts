/** The locks and the channel that the tabs of one browser share. */

import type { Tabs } from "../../src/index.js";
import { later } from "./server.js";

type Held = () => Promise<unknown>;

export class FakeBrowser {
  readonly #queues = new Map<string, Promise<unknown>>();
  readonly #channels: FakeChannel[] = [];
  /** The time until a message reaches the other tabs. It can be longer than granting a lock. */
  delayMs = 20;

  /** One more tab. */
  tab(): { locks: Tabs["locks"] & object; channel: FakeChannel } {
    const channel = new FakeChannel(this.#channels, () => this.delayMs);
    const request = (name: string, ...rest: [Held] | [{ signal?: AbortSignal }, Held]) =>
      rest.length === 1
        ? this.#request(name, undefined, rest[0])
        : this.#request(name, rest[0].signal, rest[1]);
    return { locks: { request } as unknown as Tabs["locks"] & object, channel };
  }

  /** Makes a tab take the lock and never release it, like a tab that the browser has frozen. */
  freeze(name: string): void {
    void this.#request(name, undefined, () => new Promise(() => {}));
  }

  #request(name: string, signal: AbortSignal | undefined, held: Held): Promise<unknown> {
    const aborted = new Promise<never>((_, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
    aborted.catch(() => {});
    const granted = (this.#queues.get(name) ?? Promise.resolve()).then(() =>
      signal?.aborted ? undefined : held(),
    );
    this.#queues.set(
      name,
      granted.catch(() => {}),
    );
    return Promise.race([granted, aborted]);
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
