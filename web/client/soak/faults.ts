/** The faults that clients inject. The soak arms them, and the next client that can injects one. */

/** As in `tests/soak/src/faults/kind.rs`. */
export type Fault = "cut-before-send" | "cut-after-send" | "cut-while-resyncing" | "sent-twice";

export class Faults {
  /** How many times each fault still has to happen. */
  armed: Partial<Record<Fault, number>> = {};
  #happened: Partial<Record<Fault, number>> = {};

  /** Returns whether the fault has to happen now, and counts it. */
  happens(fault: Fault): boolean {
    const left = this.armed[fault] ?? 0;
    if (left <= 0) return false;
    this.armed[fault] = left - 1;
    this.#happened[fault] = (this.#happened[fault] ?? 0) + 1;
    return true;
  }

  /** Returns how often each fault has happened since the last call. */
  take(): Partial<Record<Fault, number>> {
    const happened = this.#happened;
    this.#happened = {};
    return happened;
  }
}

export const faults = new Faults();
