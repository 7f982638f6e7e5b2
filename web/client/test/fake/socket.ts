/** One connection to the server in memory, with both of its ends. */

import type { ServerFrame } from "../../src/index.js";
import { COMPANY, CUSTOMER, type FakeServer, LATENCY_MS, later, pushOf, ROOM } from "./server.js";

/** A frame of the client. */
export interface Sent {
  action: "sendMessage" | "markRead" | "typing" | "heartbeat";
  roomId?: number;
  clientMessageId?: string;
  content?: string;
  seq?: number;
  rooms?: { roomId: number; lastSeq: number }[];
}

interface FakeEvent {
  data: unknown;
  wasClean?: boolean;
}
type Listener = (event: FakeEvent) => void;

export class FakeSocket {
  state: "connecting" | "open" | "closed" = "connecting";
  readonly url: string;
  account: number | undefined;
  readonly frames: Sent[] = [];
  /** Whether the network has failed silently: nothing arrives any more, on either side. */
  dead = false;
  /** Frames of the client that are lost, and the connection with them. */
  dropsBefore: (frame: Sent) => boolean = () => false;
  /** Frames of the client that arrive, but the connection ends before the answer. */
  dropsAfter: (frame: Sent) => boolean = () => false;
  /** Handles a frame in place of the server. Returns true if the frame was handled. */
  handles: (frame: Sent) => boolean = () => false;
  readonly #listeners: [type: string, listener: Listener][] = [];
  readonly #server: FakeServer;

  constructor(url: string, server: FakeServer) {
    this.url = url;
    this.#server = server;
    server.sockets.push(this);
    void this.#shake(new URL(url).searchParams.get("ticket") ?? "");
  }

  async #shake(ticket: string): Promise<void> {
    await later(LATENCY_MS);
    if (this.state !== "connecting" || this.dead) return;
    this.account = this.#server.tickets.get(ticket);
    this.#server.tickets.delete(ticket);
    if (this.account) {
      this.state = "open";
      const { open, maxConnections } = this.#server;
      const own = open.filter(({ account }) => account === this.account);
      for (const surplus of own.slice(0, Math.max(0, own.length - maxConnections))) surplus.shut();
      this.#emit("open");
    } else {
      this.state = "closed";
      this.#emit("error");
      this.#emit("close", { wasClean: false });
    }
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.push([type, listener]);
  }

  /** The client sends. */
  send(text: string): void {
    if (this.state === "connecting") throw new Error("InvalidStateError");
    if (this.state === "closed" || this.dead) return;
    const frame = JSON.parse(text) as Sent;
    this.frames.push(frame);
    if (this.dropsBefore(frame)) return void later(1).then(() => this.drop());
    const drops = this.dropsAfter(frame);
    if (this.handles(frame)) return;
    void later(LATENCY_MS).then(() => {
      this.#work(frame, drops);
      if (drops) this.drop();
    });
  }

  /** The client closes. A dead network does not answer. */
  close(): void {
    if (this.state === "closed") return;
    this.state = "closed";
    if (!this.dead) void later(LATENCY_MS).then(() => this.#emit("close", { wasClean: true }));
  }

  /** The connection is lost, and both sides notice it. */
  drop(): void {
    this.#end(false);
  }

  /** The server closes the connection with a close frame. */
  shut(): void {
    this.#end(true);
  }

  #end(wasClean: boolean): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.#emit("close", { wasClean });
  }

  /** The server sends any text. */
  deliver(frame: ServerFrame | { message: string } | string): void {
    const data = typeof frame === "string" ? frame : JSON.stringify(frame);
    void later(LATENCY_MS).then(() => this.arrive(data));
  }

  arrive(data: unknown): void {
    if (this.state === "open" && !this.dead) this.#emit("message", { data });
  }

  /** Something that waited in a queue arrives, although the connection is closed or dead. */
  arriveLate(data: string): void {
    this.#emit("message", { data });
  }

  sent(action: Sent["action"]): Sent[] {
    return this.frames.filter((frame) => frame.action === action);
  }

  #work(frame: Sent, silent: boolean): void {
    const server = this.#server;
    const { action, clientMessageId = "", content = "", seq = 0, rooms = [] } = frame;
    if (action === "sendMessage") {
      const { message, isNew } = server.keep(CUSTOMER, content, clientMessageId);
      const { id, seq, senderId, createdAt } = message;
      if (!silent)
        this.deliver({ type: "ack", clientMessageId, roomId: ROOM, id, seq, senderId, createdAt });
      if (isNew) server.push(pushOf(message), this);
    } else if (action === "markRead") {
      server.readSeq = Math.max(server.readSeq, Math.min(seq, server.messages.length));
    } else if (action === "typing") {
      server.push({ type: "typing", roomId: ROOM, accountId: COMPANY }, this);
    } else {
      const lastSeq = server.messages.length;
      const ahead = rooms
        .filter((room) => room.roomId === ROOM && room.lastSeq < lastSeq)
        .map(() => ({ roomId: ROOM, lastSeq }));
      this.deliver({ type: "heartbeat", rooms: ahead });
    }
  }

  #emit(type: string, event: Partial<FakeEvent> = {}): void {
    for (const [other, listener] of this.#listeners) {
      if (other === type) listener({ data: undefined, ...event });
    }
  }
}
