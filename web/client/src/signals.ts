/** Read markers and `typing` of a room. */

import type { ClientFrame } from "./frames.js";

type Timer = ReturnType<typeof setTimeout>;

/** The shortest time between `markRead` frames, so that many messages do not cause many frames. */
const MARK_MS = 1_000;
/** The shortest time between `typing` frames. The server does not relay more. */
const TYPING_MS = 3_000;
/** How long the other side is shown as typing after a frame. */
const TYPING_SHOWN_MS = 4_000;

/** @internal */
export class Signals {
  /** The marker that was set last. It has no ack, so it is sent again after a reconnect. */
  marked = 0;
  /** Whether the other side is typing. */
  receiverTyping = false;
  readonly #room: number;
  readonly #send: (frame: ClientFrame) => void;
  readonly #changed: () => void;
  #markedAt = -Infinity;
  #marking: Timer | undefined;
  #typedAt = -Infinity;
  #typing: Timer | undefined;

  constructor(room: number, send: (frame: ClientFrame) => void, changed: () => void) {
    this.#room = room;
    this.#send = send;
    this.#changed = changed;
  }

  sendMarker(pause = MARK_MS): void {
    clearTimeout(this.#marking);
    this.#marking = undefined;
    const wait = this.#markedAt + pause - performance.now();
    if (wait > 0) {
      this.#marking = setTimeout(() => this.sendMarker(), wait);
      return;
    }
    this.#markedAt = performance.now();
    this.#send({ action: "markRead", roomId: this.#room, seq: this.marked });
  }

  sendTyping(): void {
    const now = performance.now();
    if (now - this.#typedAt < TYPING_MS) return;
    this.#typedAt = now;
    this.#send({ action: "typing", roomId: this.#room });
  }

  showTyping(typing: boolean): void {
    clearTimeout(this.#typing);
    if (typing) this.#typing = setTimeout(() => this.showTyping(false), TYPING_SHOWN_MS);
    if (this.receiverTyping === typing) return;
    this.receiverTyping = typing;
    this.#changed();
  }

  /** Sends a waiting marker and ends all timers. */
  end(): void {
    if (this.#marking) this.sendMarker(0);
    clearTimeout(this.#typing);
  }
}
