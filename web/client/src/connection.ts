/** The WebSocket connection: opened with a ticket, opened again when lost, replaced before it is too old, asked whether it lives. */

import { ChatError } from "./error.js";
import type { ClientFrame, GatewayFrame, RoomPosition, ServerFrame } from "./frames.js";
import { jitter } from "./jitter.js";

/** `connecting` as long as it is wanted and not open; `closed` when it is not wanted, or nobody is logged in. */
export type ConnectionState = "connecting" | "open" | "closed";

/** What is used of a `WebSocket`; browsers' own and that of the package `ws` both fit. */
export interface Socket {
  send(text: string): void;
  close(): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  addEventListener(type: "open" | "close" | "error", listener: () => void): void;
}

/** What the connection needs, and whom it tells. @internal */
export interface ConnectionPorts {
  WebSocket: new (url: string) => Socket;
  /** Asks for a ticket; gives the address that it opens. */
  ticket(signal: AbortSignal): Promise<string>;
  /** Whether there is a session to connect with. */
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
/** For a ticket and its handshake together; a ticket is good for 30 seconds. */
const DIAL_MS = 20_000;
/** A living connection answers a heartbeat in well under a second, a cold function within some. */
const ANSWER_MS = 8_000;
/** A connection that lasted this long has proved itself, even if nothing came over it. */
const PROVED_MS = 10_000;
/** What a heartbeat may ask about. */
const MAX_ROOMS = 20;

/** @internal */
export class Connection {
  #state: ConnectionState = "closed";
  readonly #ports: ConnectionPorts;
  #wanted = false;
  /** The connection in use. */
  #socket: Socket | undefined;
  /** The attempt to open one, of which there is one at a time. */
  #dialing: AbortController | undefined;
  /** Attempts since a connection last proved itself. */
  #attempts = 0;
  #openedAt = 0;
  #retry: Timer | undefined;
  #beat: Timer | undefined;
  #answer: Timer | undefined;
  #recycle: Timer | undefined;

  constructor(ports: ConnectionPorts) {
    this.#ports = ports;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  open(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    globalThis.addEventListener?.("online", this.wake);
    globalThis.document?.addEventListener("visibilitychange", this.#shown);
    this.wake();
  }

  close(): void {
    this.#wanted = false;
    globalThis.removeEventListener?.("online", this.wake);
    globalThis.document?.removeEventListener("visibilitychange", this.#shown);
    this.reset();
  }

  /** Ends the connection and any attempt at one, and forgets how attempts went. {@link wake} begins anew. */
  reset(): void {
    const dialing = this.#dialing;
    this.#dialing = undefined;
    dialing?.abort();
    this.#attempts = 0;
    this.#leave();
    this.#tell();
  }

  /** Finds out now whether the connection lives, or opens one now. For when the network may have come back, or somebody logged in. */
  readonly wake = (): void => {
    if (this.#socket) this.probe();
    else this.#dial();
  };

  /** Sends a heartbeat; without any frame in answer the connection counts as dead. */
  probe(): void {
    const socket = this.#socket;
    if (!socket || this.#answer) return;
    this.#answer = setTimeout(() => this.#lose(socket), ANSWER_MS);
    const rooms = this.#ports.positions();
    let from = 0;
    do this.send({ action: "heartbeat", rooms: rooms.slice(from, (from += MAX_ROOMS)) });
    while (from < rooms.length);
    this.#scheduleBeat();
  }

  /** Sends a frame, if there is a connection; true says no more than that. */
  send(frame: ClientFrame): boolean {
    this.#socket?.send(JSON.stringify(frame));
    return !!this.#socket;
  }

  /** Gives the connection up, and opens another one after a while. */
  drop(): void {
    if (this.#socket) this.#lose(this.#socket);
  }

  readonly #shown = (): void => {
    if (document.visibilityState === "visible") this.wake();
  };

  /** Opens a connection and, where there is one already, closes that only then: nothing is missed in between. */
  #dial(): void {
    if (this.#dialing || !this.#wanted || !this.#ports.mayOpen()) return;
    clearTimeout(this.#retry);
    const dialing = (this.#dialing = new AbortController());
    const { signal } = dialing;
    this.#tell();

    const late = setTimeout(() => dialing.abort(), DIAL_MS);
    const failed = (pauseMs = 0): void => {
      clearTimeout(late);
      if (this.#dialing !== dialing) return;
      this.#dialing = undefined;
      this.#again(pauseMs);
    };
    signal.addEventListener("abort", () => failed());

    this.#ports
      .ticket(signal)
      .then((url) => {
        if (signal.aborted) return;
        const socket = new this.#ports.WebSocket(url);
        signal.addEventListener("abort", () => socket.close());
        const ended = (): void => {
          failed();
          this.#lose(socket);
        };
        socket.addEventListener("open", () => {
          clearTimeout(late);
          if (this.#dialing !== dialing) return;
          this.#dialing = undefined;
          this.#use(socket);
        });
        socket.addEventListener("message", ({ data }) => this.#receive(String(data)));
        socket.addEventListener("close", ended);
        socket.addEventListener("error", ended);
      })
      .catch((error: unknown) => failed(error instanceof ChatError ? (error.retryAfter ?? 0) * 1_000 : 0));
  }

  #use(socket: Socket): void {
    this.#leave();
    this.#socket = socket;
    this.#openedAt = performance.now();
    this.#recycle = setTimeout(() => this.#dial(), (90 + 20 * Math.random()) * MINUTE_MS);
    this.#scheduleBeat();
    this.#tell();
    this.#ports.opened();
  }

  #receive(text: string): void {
    clearTimeout(this.#answer);
    this.#answer = undefined;
    let frame: ServerFrame | GatewayFrame;
    try {
      frame = JSON.parse(text);
    } catch {
      return; // The server sends none such; what is between might.
    }
    if (frame.type && frame.type !== "error") this.#attempts = 0;
    this.#ports.received(frame);
  }

  /** A connection has ended, or is taken for dead; only the one in use matters. */
  #lose(socket: Socket): void {
    if (socket !== this.#socket) return;
    if (performance.now() - this.#openedAt > PROVED_MS) this.#attempts = 0;
    this.#leave();
    this.#ports.lost();
    this.#again(0);
  }

  /** Lets go of the connection in use, if any, without waiting for how that goes. */
  #leave(): void {
    for (const timer of [this.#retry, this.#beat, this.#answer, this.#recycle]) clearTimeout(timer);
    this.#answer = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  #again(pauseMs: number): void {
    clearTimeout(this.#retry);
    if (this.#wanted) this.#retry = setTimeout(() => this.#dial(), pauseMs + jitter(this.#attempts++));
    this.#tell();
  }

  #scheduleBeat(): void {
    clearTimeout(this.#beat);
    this.#beat = setTimeout(() => this.probe(), (3.5 + Math.random()) * MINUTE_MS);
  }

  #tell(): void {
    const state = this.#socket ? "open" : this.#wanted && this.#ports.mayOpen() ? "connecting" : "closed";
    if (state === this.#state) return;
    this.#state = state;
    this.#ports.changed(state);
  }
}
