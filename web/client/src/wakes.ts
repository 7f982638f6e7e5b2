/** Events that affect only this client: of the network, of the page, and the end of a sleep. */

/** What the events cause. @internal */
export interface WakePorts {
  online(): void;
  offline(): void;
  /** The page has become visible, runs again after it was frozen, or the computer has slept. */
  woken(): void;
}

/** The interval of the timer that detects sleep. */
const TICK_MS = 10_000;
/**
 * A longer time between two ticks means that the computer has slept. It is more than a minute
 * because browsers run the timers of hidden pages only once a minute.
 */
const SLEPT_MS = 75_000;

/** @internal */
export class Wakes {
  readonly #ports: WakePorts;
  #ticked = 0;
  #tick: ReturnType<typeof setTimeout> | undefined;

  constructor(ports: WakePorts) {
    this.#ports = ports;
  }

  start(): void {
    this.#listen("addEventListener");
    this.#ticked = Date.now();
    this.#watch();
  }

  stop(): void {
    this.#listen("removeEventListener");
    clearTimeout(this.#tick);
  }

  #listen(change: "addEventListener" | "removeEventListener"): void {
    globalThis[change]?.("online", this.#ports.online);
    globalThis[change]?.("offline", this.#ports.offline);
    for (const type of ["visibilitychange", "resume"]) {
      globalThis.document?.[change](type, this.#shown);
    }
  }

  readonly #shown = ({ type }: Event): void => {
    if (type === "resume" || document.visibilityState === "visible") this.#ports.woken();
  };

  /** Detects that the computer has slept. If only the clock was changed, one heartbeat is sent. */
  #watch(): void {
    const now = Date.now();
    if (now - this.#ticked > SLEPT_MS) this.#ports.woken();
    this.#ticked = now;
    this.#tick = setTimeout(() => this.#watch(), TICK_MS);
  }
}
