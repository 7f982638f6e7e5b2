/** The WebSocket connection: opens it with a ticket, checks it, replaces it, and reopens it. */

import { ChatError } from "./error.js";
import { parseFrame, type ClientFrame, type GatewayFrame, type RoomPosition, type ServerFrame } from "./frames.js";
import { bounded } from "./wait.js";

/**
 * The state of the connection:
 *
 * - `closed`: it is not wanted, or no account is logged in
 * - `offline`: the browser has reported that it has no network, and nothing has arrived since
 * - `connecting`: it is being opened, or it is not known whether it has survived
 * - `open`: frames come and go
 */
export type ConnectionState = "closed" | "offline" | "connecting" | "open";

/** The part of a `WebSocket` that is used, as browsers and the package `ws` have it. */
export interface Socket {
  send(text: string): void;
  close(): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  addEventListener(type: "open" | "close" | "error", listener: () => void): void;
}

/** What the connection needs and reports. @internal */
export interface ConnectionPorts {
  WebSocket: new (url: string) => Socket;
  /** Requests a ticket, and returns the address that it opens. */
  ticket(signal: AbortSignal): Promise<string>;
  /** Whether an account is logged in, or may be. */
  mayOpen(): boolean;
  /** The rooms that a heartbeat asks about. */
  positions(): readonly RoomPosition[];
  opened(): void;
  lost(): void;
  received(frame: ServerFrame | GatewayFrame): void;
  changed(state: ConnectionState): void;
}

type Timer = ReturnType<typeof setTimeout>;

const MINUTE_MS = 60_000;
/** After a loss the first attempt waits up to this long, so that not all clients come at once. */
const SPREAD_MS = 5_000;
/** The same if only this client was disconnected. */
const ALONE_MS = 800;
/** Events of the browser start at most one attempt in this time. */
const EVENT_MS = 3_000;
/** The longest time for one attempt: a ticket and a handshake. */
const MAX_DIAL_MS = 10_000;
/** After this long without an answer to a heartbeat, the connection is dead. */
const ANSWER_MS = 8_000;
/** A page that becomes visible opens a second connection after this long without an answer. */
const DOUBT_MS = 2_000;
/** A clock that ticks this often ... */
const TICK_MS = 10_000;
/** ... and misses this much has slept. Browsers let a hidden page's timers run once a minute. */
const SLEPT_MS = 75_000;
/** The most rooms of one heartbeat. */
const MAX_ROOMS = 20;

/**
 * The time from the start of a failed attempt to the start of the next one: 5 s, 5 s, 5 to 10 s,
 * 10 to 20 s, then 20 to 40 s. The random start spreads the first attempts of many clients, and
 * they stay spread because the first distances are equal. Waits from 0 seconds on would put second
 * attempts among first ones.
 */
const pace = (attempt: number): number => SPREAD_MS * Math.min(4, 2 ** Math.max(0, attempt - 2));
const distance = (attempt: number): number =>
  pace(attempt) * (attempt < 2 ? 1 : 1 + Math.random());

/** @internal */
export class Connection {
  #state: ConnectionState = "closed";
  readonly #ports: ConnectionPorts;
  #wanted = false;
  /** The connection in use. */
  #socket: Socket | undefined;
  /** The attempt to open one; there is one at a time. */
  #dialing: AbortController | undefined;
  /** The number of attempts since the server last answered over a connection. */
  #attempts = 0;
  /** Whether an attempt started at a random time; those after it keep a distance from it. */
  #spread = false;
  /** No attempt is allowed before this time, by `Retry-After`. All times are monotonic. */
  #notBefore = 0;
  /** When the next attempt is due, and whether an event of the browser causes it. */
  #retryAt = Infinity;
  #byEvent = false;
  /** When the last attempt started that an event caused. */
  #eventAt = -Infinity;
  /** When this client was last woken. A loss right after it concerns this client alone. */
  #wokenAt = -Infinity;
  #offline = false;
  /** Whether the network has changed since the last frame. */
  #doubtful = false;
  #ticked = 0;
  #retry: Timer | undefined;
  #beat: Timer | undefined;
  #answer: Timer | undefined;
  #doubt: Timer | undefined;
  #recycle: Timer | undefined;
  #tick: Timer | undefined;

  constructor(ports: ConnectionPorts) {
    this.#ports = ports;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  open(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#offline = globalThis.navigator?.onLine === false;
    this.#ticked = Date.now();
    this.#listen("addEventListener");
    this.#watch();
    this.start();
  }

  close(): void {
    this.#wanted = false;
    this.#listen("removeEventListener");
    clearTimeout(this.#tick);
    this.reset();
  }

  /** Ends the connection and any attempt, and forgets earlier failures. */
  reset(): void {
    this.#abandon();
    this.#leave();
    this.#attempts = this.#notBefore = 0;
    this.#tell();
  }

  /** Opens a connection now, if there is none and the server allows it. */
  start(): void {
    if (!this.#socket && !this.#dialing) this.#schedule(0);
  }

  /** Sends a heartbeat. The connection is lost if nothing comes after it. */
  probe(): void {
    const socket = this.#socket;
    if (!socket || this.#answer) return;
    this.#answer = setTimeout(() => this.#lose(socket), ANSWER_MS);
    const rooms = this.#ports.positions();
    let from = 0;
    do this.send({ action: "heartbeat", rooms: rooms.slice(from, (from += MAX_ROOMS)) });
    while (from < rooms.length);
    clearTimeout(this.#beat);
    this.#beat = setTimeout(() => this.probe(), (3.5 + Math.random()) * MINUTE_MS);
  }

  /** Sends a frame if there is a connection. True does not mean that it arrives. */
  send(frame: ClientFrame): boolean {
    try {
      this.#socket?.send(JSON.stringify(frame));
    } catch {
      return false; // Between the loss of a connection and its event.
    }
    return !!this.#socket;
  }

  /** Gives up the connection, and opens another one after a while. */
  drop(): void {
    if (this.#socket) this.#lose(this.#socket);
  }

  #listen(change: "addEventListener" | "removeEventListener"): void {
    globalThis[change]?.("online", this.#online);
    globalThis[change]?.("offline", this.#cut);
    for (const type of ["visibilitychange", "resume"]) {
      globalThis.document?.[change](type, this.#shown);
    }
  }

  readonly #online = (): void => {
    this.#offline = false;
    this.#abandon();
    this.#wake(ALONE_MS);
  };

  readonly #cut = (): void => {
    this.#offline = this.#doubtful = true;
    this.#abandon();
    this.probe();
    this.#tell();
  };

  /** The page has become visible, or was frozen and runs again. */
  readonly #shown = ({ type }: Event): void => {
    if (type === "resume" || document.visibilityState === "visible") this.#wake(DOUBT_MS);
  };

  /** Notices that the computer has slept. A wall clock that jumps costs one heartbeat. */
  #watch(): void {
    const now = Date.now();
    if (now - this.#ticked > SLEPT_MS) this.#wake(DOUBT_MS);
    this.#ticked = now;
    this.#tick = setTimeout(() => this.#watch(), TICK_MS);
  }

  /**
   * Something happened to this client alone. Without a connection, an attempt follows within a
   * second; a connection has `patience` milliseconds to answer before it is replaced.
   */
  #wake(patience: number): void {
    const now = (this.#wokenAt = performance.now());
    const wait = this.#socket ? patience : Math.random() * ALONE_MS;
    const at = Math.max(now + wait, this.#eventAt + EVENT_MS);
    if (this.#socket) {
      this.probe();
      this.#doubt ??= setTimeout(() => {
        this.#doubt = undefined;
        this.#schedule(0, true);
      }, at - now);
    } else if (!this.#dialing && at < this.#retryAt) {
      this.#attempts = 0;
      this.#spread = false;
      this.#schedule(at, true);
    }
    this.#tell();
  }

  /** Opens a connection. The one in use, if any, is closed only then, so that nothing is missed. */
  #dial(): void {
    if (this.#dialing || !this.#wanted || !this.#ports.mayOpen()) return;
    clearTimeout(this.#retry);
    this.#retryAt = Infinity;
    if (this.#byEvent) this.#eventAt = performance.now();
    this.#byEvent = false;
    const dialing = (this.#dialing = new AbortController());
    const attempt = this.#attempts++;
    const startedAt = performance.now();
    this.#tell();
    bounded(Math.min(MAX_DIAL_MS, pace(attempt)), dialing.signal, async (signal) => {
      const url = await this.#ports.ticket(signal);
      signal.throwIfAborted();
      const socket = new this.#ports.WebSocket(url);
      signal.addEventListener("abort", () => socket.close());
      await new Promise<void>((opened, failed) => {
        const ended = (): void => {
          failed(new ChatError({ code: "network", message: "The connection ended." }));
          this.#lose(socket);
        };
        socket.addEventListener("open", () => {
          if (!signal.aborted) this.#use(socket);
          opened();
        });
        socket.addEventListener("message", ({ data }) => this.#receive(socket, data));
        socket.addEventListener("close", ended);
        socket.addEventListener("error", ended);
      });
    }).catch((error: ChatError) => {
      if (this.#dialing !== dialing) return;
      this.#dialing = undefined;
      const now = performance.now();
      if (error.retryAfter) {
        this.#notBefore = now + error.retryAfter * 1_000 + SPREAD_MS * Math.random();
      }
      if (this.#spread) this.#schedule(startedAt + distance(attempt));
      else this.#again();
    });
  }

  #use(socket: Socket): void {
    this.#leave();
    this.#dialing = undefined;
    this.#offline = this.#doubtful = false;
    this.#socket = socket;
    this.#recycle = setTimeout(() => this.#dial(), (90 + 20 * Math.random()) * MINUTE_MS);
    this.#tell();
    this.#ports.opened();
    // At once: the server may not know the connection.
    this.probe();
  }

  #receive(socket: Socket, data: unknown): void {
    // What still comes over an earlier connection may be for another account.
    if (socket !== this.#socket) return;
    clearTimeout(this.#answer);
    clearTimeout(this.#doubt);
    this.#answer = this.#doubt = undefined;
    this.#offline = this.#doubtful = false;
    this.#tell();
    const frame = parseFrame(data);
    if (!frame) return;
    // An error may be all that ever comes, and a connection may fail to be replaced.
    const proves = frame.type && frame.type !== "error";
    if (proves && !this.#dialing && this.#retryAt === Infinity) this.#attempts = 0;
    this.#ports.received(frame);
  }

  /** A connection has ended, or is given up; only the one in use matters. */
  #lose(socket: Socket): void {
    if (socket !== this.#socket) return;
    this.#leave();
    this.#ports.lost();
    if (performance.now() - this.#wokenAt < DOUBT_MS) this.#wake(0);
    else this.#again();
  }

  /** Lets go of the connection in use, if any, and of what is scheduled. */
  #leave(): void {
    for (const timer of [this.#retry, this.#beat, this.#answer, this.#doubt, this.#recycle]) {
      clearTimeout(timer);
    }
    this.#answer = this.#doubt = undefined;
    this.#retryAt = Infinity;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  /** Ends an attempt, which may hang in a network that is gone, and schedules another one. */
  #abandon(): void {
    const dialing = this.#dialing;
    if (!dialing) return;
    this.#dialing = undefined;
    dialing.abort();
    this.#spread = true;
    this.#schedule(performance.now() + Math.random() * SPREAD_MS, true);
  }

  /** The connection was lost, perhaps together with many others. */
  #again(): void {
    this.#spread = true;
    const more = this.#attempts > 1 ? pace(this.#attempts) : 0;
    this.#schedule(performance.now() + more + Math.random() * SPREAD_MS);
  }

  #schedule(at: number, byEvent = false): void {
    clearTimeout(this.#retry);
    if (this.#wanted) {
      this.#byEvent = byEvent;
      this.#retryAt = Math.max(at, this.#notBefore, byEvent ? this.#eventAt + EVENT_MS : 0);
      this.#retry = setTimeout(() => this.#dial(), this.#retryAt - performance.now());
    }
    this.#tell();
  }

  #tell(): void {
    const state =
      !this.#wanted || !this.#ports.mayOpen()
        ? "closed"
        : this.#offline
          ? "offline"
          : this.#socket && !this.#doubtful
            ? "open"
            : "connecting";
    if (state === this.#state) return;
    this.#state = state;
    this.#ports.changed(state);
  }
}
