/** The WebSocket connection: opens it with a ticket, checks it, replaces it, and reopens it. */

import { ChatError } from "./error.js";
import {
  type ClientFrame,
  type GatewayFrame,
  parseFrame,
  type RoomPosition,
  type ServerFrame,
} from "./frames.js";
import { bounded } from "./wait.js";
import { Wakes } from "./wakes.js";

/**
 * The state of the connection:
 *
 * - `closed`: the program has not called `connect`, or no account is logged in
 * - `offline`: the browser has reported that it has no network, and no frame has arrived since
 * - `connecting`: the connection is being opened, or the network changed and no frame has arrived
 *   since
 * - `open`: frames can be sent and received
 */
export type ConnectionState = "closed" | "offline" | "connecting" | "open";

/** The part of the `WebSocket` interface that is used. Browsers and the package `ws` provide it. */
export interface Socket {
  send(text: string): void;
  close(): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  addEventListener(type: "close", listener: (event: { wasClean?: boolean }) => void): void;
  addEventListener(type: "open" | "error", listener: () => void): void;
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
/**
 * The longest wait before the first attempt after a loss. The wait is random, so that clients that
 * lost their connections together do not reconnect at the same time.
 */
const SPREAD_MS = 5_000;
/** The longest wait if only this client was disconnected. */
const ALONE_MS = 800;
/** The shortest time between two attempts that events of the browser cause. */
const EVENT_MS = 3_000;
/** The longest time for one attempt, which is a ticket and a handshake. */
const MAX_DIAL_MS = 10_000;
/** A heartbeat without an answer after this time means that the connection is lost. */
const ANSWER_MS = 8_000;
/** A page that becomes visible opens a second connection if no answer arrives in this time. */
const DOUBT_MS = 2_000;
/**
 * After an event of the browser, frames prove nothing for this time: they may have arrived before
 * the event and waited in a queue. The heartbeat that checks the connection is sent afterwards.
 */
const QUEUED_MS = 250;
/**
 * A connection that the server closes within this time after another tab began to open one was
 * probably the account's oldest, of too many. A connection that is lost ends without a close frame.
 */
const DISPLACED_MS = 5_000;
/**
 * How long a hidden page then waits. If it reconnected at once, the server would close the
 * connection of the next tab, and so on. The page does not wait after it has become visible.
 */
const DISPLACED_WAIT_MS = 30 * MINUTE_MS;
/** The maximum number of rooms in one heartbeat. */
const MAX_ROOMS = 20;

/**
 * The time from the start of a failed attempt to the start of the next one: 5 s, 5 s, 5 to 10 s, 10
 * to 20 s, then 20 to 40 s. The first attempts of many clients start at random times within 5 s.
 * Because the first distances are equal, the next attempts are spread in the same way, and no
 * second attempt happens before all first ones.
 */
const pace = (attempt: number): number => SPREAD_MS * Math.min(4, 2 ** Math.max(0, attempt - 2));
const distance = (attempt: number): number => pace(attempt) * (attempt < 2 ? 1 : 1 + Math.random());

/** @internal */
export class Connection {
  #state: ConnectionState = "closed";
  readonly #ports: ConnectionPorts;
  #wanted = false;
  /** The connection in use. */
  #socket: Socket | undefined;
  /** The current attempt to open a connection; there is at most one. */
  #dialing: AbortController | undefined;
  /** The number of attempts since the server last answered over a connection. */
  #attempts = 0;
  /** When another tab last began to open a connection of the account. */
  #otherOpensAt = -Infinity;
  /** Whether an attempt started at a random time. The next attempts then keep fixed distances. */
  #spread = false;
  /** The earliest time of the next attempt, from `Retry-After`. All times are monotonic. */
  #notBefore = 0;
  /** When the next attempt is due, and whether an event of the browser causes it. */
  #retryAt = Infinity;
  #byEvent = false;
  /** When the last attempt started that an event caused. */
  #eventAt = -Infinity;
  /** When this client was last woken. A loss just after that probably affects only this client. */
  #wokenAt = -Infinity;
  readonly #wakes: Wakes;
  #offline = false;
  /** Whether the network has changed since the last frame. */
  #doubtful = false;
  /** From this time on, a frame proves that the connection works. */
  #provesFrom = -Infinity;
  #retry: Timer | undefined;
  #beat: Timer | undefined;
  #answer: Timer | undefined;
  #doubt: Timer | undefined;
  #recycle: Timer | undefined;

  constructor(ports: ConnectionPorts) {
    this.#ports = ports;
    this.#wakes = new Wakes({
      online: () => {
        this.#offline = false;
        this.#abandon();
        this.#wake(ALONE_MS);
      },
      offline: () => {
        this.#offline = this.#doubtful = true;
        this.#abandon();
        this.#question();
        this.#tell();
      },
      woken: () => this.#wake(DOUBT_MS),
    });
  }

  get state(): ConnectionState {
    return this.#state;
  }

  open(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#offline = globalThis.navigator?.onLine === false;
    this.#wakes.start();
    this.start();
  }

  close(): void {
    this.#wanted = false;
    this.#wakes.stop();
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

  /** Sends a heartbeat. If no frame arrives after it, the connection is treated as lost. */
  probe(): void {
    const socket = this.#socket;
    if (!socket) return;
    this.#answer ??= setTimeout(() => this.#lose(socket), ANSWER_MS);
    const rooms = this.#ports.positions();
    let from = 0;
    do {
      this.send({ action: "heartbeat", rooms: rooms.slice(from, from + MAX_ROOMS) });
      from += MAX_ROOMS;
    } while (from < rooms.length);
    clearTimeout(this.#beat);
    this.#beat = setTimeout(() => this.probe(), (3.5 + Math.random()) * MINUTE_MS);
  }

  /** Sends a frame. Returns false if there is no connection; true does not mean that it arrives. */
  send(frame: ClientFrame): boolean {
    try {
      this.#socket?.send(JSON.stringify(frame));
    } catch {
      return false; // The connection was lost, but its event has not fired yet.
    }
    return !!this.#socket;
  }

  /** Closes the connection and opens another one after a wait. */
  drop(): void {
    if (this.#socket) this.#lose(this.#socket);
  }

  /** Notes that another tab opens a connection. The server may then close this one. */
  otherOpens(): void {
    this.#otherOpensAt = performance.now();
  }

  /**
   * Handles an event that affects only this client. Without a connection, starts an attempt within
   * a second. With one, sends a heartbeat and replaces the connection if no answer arrives within
   * `answerMs` milliseconds.
   */
  #wake(answerMs: number): void {
    const now = performance.now();
    this.#wokenAt = now;
    const wait = this.#socket ? answerMs : Math.random() * ALONE_MS;
    const at = Math.max(now + wait, this.#eventAt + EVENT_MS);
    if (this.#socket) {
      this.#question();
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

  /** Sends a heartbeat that only a frame from after this call can answer. */
  #question(): void {
    this.#provesFrom = performance.now() + QUEUED_MS;
    clearTimeout(this.#answer);
    this.#answer = undefined;
    clearTimeout(this.#beat);
    this.#beat = setTimeout(() => this.probe(), QUEUED_MS);
  }

  /**
   * Opens a connection. A connection in use is closed only after that, so that nothing is missed.
   */
  #dial(): void {
    if (this.#dialing || !this.#wanted || !this.#ports.mayOpen()) return;
    clearTimeout(this.#retry);
    this.#retryAt = Infinity;
    if (this.#byEvent) this.#eventAt = performance.now();
    this.#byEvent = false;
    const dialing = new AbortController();
    this.#dialing = dialing;
    const attempt = this.#attempts++;
    const startedAt = performance.now();
    this.#tell();
    bounded(Math.min(MAX_DIAL_MS, pace(attempt)), dialing.signal, async (signal) => {
      const url = await this.#ports.ticket(signal);
      signal.throwIfAborted();
      const socket = new this.#ports.WebSocket(url);
      signal.addEventListener("abort", () => socket.close());
      await new Promise<void>((opened, failed) => {
        const ended = (wasClosed: boolean): void => {
          failed(new ChatError({ code: "network", message: "The connection ended." }));
          this.#lose(socket, wasClosed);
        };
        socket.addEventListener("open", () => {
          if (!signal.aborted) this.#use(socket);
          opened();
        });
        socket.addEventListener("message", ({ data }) => this.#receive(socket, data));
        socket.addEventListener("close", ({ wasClean }) => ended(wasClean === true));
        socket.addEventListener("error", () => ended(false));
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
    this.#provesFrom = -Infinity;
    this.#socket = socket;
    this.#recycle = setTimeout(() => this.#dial(), (90 + 20 * Math.random()) * MINUTE_MS);
    this.#tell();
    this.#ports.opened();
    // Sent immediately, because the server may not know the connection.
    this.probe();
  }

  #receive(socket: Socket, data: unknown): void {
    // A frame of an earlier connection may be for another account.
    if (socket !== this.#socket) return;
    if (performance.now() >= this.#provesFrom) {
      clearTimeout(this.#answer);
      clearTimeout(this.#doubt);
      this.#answer = this.#doubt = undefined;
      this.#offline = this.#doubtful = false;
      this.#tell();
    }
    const frame = parseFrame(data);
    if (!frame) return;
    // Only these frames show that the connection works: a broken server may send nothing but
    // errors. During an attempt to replace the connection, its attempts are not reset.
    const proves = frame.type && frame.type !== "error";
    if (proves && !this.#dialing && this.#retryAt === Infinity) this.#attempts = 0;
    this.#ports.received(frame);
  }

  /**
   * Handles the end of a connection. Connections that are not in use are ignored. `wasClosed` is
   * whether the server ended it with a close frame.
   */
  #lose(socket: Socket, wasClosed = false): void {
    if (socket !== this.#socket) return;
    this.#leave();
    this.#ports.lost();
    const now = performance.now();
    const isHidden = globalThis.document?.visibilityState === "hidden";
    if (wasClosed && isHidden && now - this.#otherOpensAt < DISPLACED_MS) {
      this.#schedule(now + DISPLACED_WAIT_MS);
    } else if (now - this.#wokenAt < DOUBT_MS) this.#wake(0);
    else this.#again();
  }

  /** Closes the connection in use, if any, and clears all timers. */
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

  /** Ends an attempt, which may hang because the network has changed, and schedules another one. */
  #abandon(): void {
    const dialing = this.#dialing;
    if (!dialing) return;
    this.#dialing = undefined;
    dialing.abort();
    this.#spread = true;
    this.#schedule(performance.now() + Math.random() * SPREAD_MS, true);
  }

  /** Schedules an attempt after a loss that may affect many clients. */
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
