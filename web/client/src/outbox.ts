/** The unsent messages of one room: sends one at a time, until the server acknowledges it. */

import { ChatError } from "./error.js";
import type { ClientFrame } from "./frames.js";
import { jitter } from "./wait.js";

/** A message that is not in the room's order yet. A change makes a new object. */
export interface PendingMessage {
  /** A UUID. By it the server recognises a repeat, and the room its own message. */
  readonly clientMessageId: string;
  /** The text as the server stores it: trimmed, and in NFC. */
  readonly content: string;
  /**
   * - `sending`: it is sent until the server acknowledges it
   * - `sent`: the server has stored it; it moves to the room's messages after those before it
   * - `failed`: the server has rejected it; it is sent again only after `retry`
   */
  readonly state: "sending" | "sent" | "failed";
  /** Why it was rejected. */
  readonly error?: ChatError;
}

/** What the outbox needs and reports. @internal */
export interface OutboxPorts {
  send(frame: ClientFrame): boolean;
  /** No answer came in time, so the connection may be dead. */
  doubt(): void;
  changed(): void;
}

/** The longest message, in Unicode scalar values. */
const MAX_CHARACTERS = 2_000;
/** An ack takes a fraction of a second; from a cold function, some seconds. */
const ACK_MS = 8_000;
/** After this many internal errors a message is taken for the cause, and the next one goes on. */
const MAX_INTERNAL = 8;

/**
 * A text as the server stores it. Half of a surrogate pair is not a character; it would spoil the
 * whole frame, and the error would not name the message.
 */
const stored = (content: string): string =>
  content
    .replace(/\p{Surrogate}/gu, "\uFFFD")
    .replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "")
    .normalize();

/** @internal */
export class Outbox {
  /** In the order of typing. */
  pending: readonly PendingMessage[] = [];
  readonly #room: number;
  readonly #ports: OutboxPorts;
  #open = false;
  /**
   * The id of the only message that is under way. API Gateway does not keep the order of two frames
   * of one connection, so the next message waits for the ack.
   */
  #underWay: string | undefined;
  #attempts = 0;
  /** Why nothing can be sent any more. */
  #broken: ChatError | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(room: number, ports: OutboxPorts) {
    this.#room = room;
    this.#ports = ports;
  }

  add(content: string, id: string): PendingMessage {
    const clientMessageId = id.toLowerCase();
    const before = this.pending.find((message) => message.clientMessageId === clientMessageId);
    if (before) return before;
    const text = stored(content);
    // A frame that is too long would end the connection, and so would each repeat.
    if (!text || [...text].length > MAX_CHARACTERS) {
      throw new RangeError("A message has 1 to 2,000 characters.");
    }
    const message: PendingMessage = { clientMessageId, content: text, state: "sending" };
    this.restore([...this.pending, message]);
    return message;
  }

  /** Replaces the list. */
  restore(messages: readonly PendingMessage[]): void {
    this.pending = messages;
    this.#ports.changed();
    this.#next();
  }

  /** The connection is open, and the room has been looked at: messages may go. */
  open(): void {
    this.#open = true;
    this.#broken = undefined;
    this.#next();
  }

  /** The connection is gone. It is unknown which messages arrived. */
  shut(): void {
    this.#open = false;
    this.#done();
  }

  /** The server has stored the message. */
  acknowledge(clientMessageId: string): PendingMessage | undefined {
    const message = this.#change(clientMessageId, { state: "sent" });
    if (this.#underWay === clientMessageId) this.#done();
    this.#next();
    return message;
  }

  /** The server has rejected the message, for good or for now; without an id, what is under way. */
  refuse(clientMessageId: string | undefined, error: ChatError): void {
    clientMessageId ??= this.#underWay;
    if (!clientMessageId) return;
    const isUnderWay = this.#underWay === clientMessageId;
    const exhausted = /^(internal|gateway)$/.test(error.code) && this.#attempts >= MAX_INTERNAL;
    if (error.transient && !exhausted) {
      if (isUnderWay) this.#again();
      return;
    }
    const message = this.pending.find((other) => other.clientMessageId === clientMessageId);
    if (message?.state === "sending") this.#change(message.clientMessageId, { state: "failed", error });
    if (isUnderWay) this.#done();
    this.#next();
  }

  retry(clientMessageId: string): void {
    if (this.#failed(clientMessageId)) this.#change(clientMessageId, { state: "sending" });
    this.#next();
  }

  discard(clientMessageId: string): void {
    if (this.#failed(clientMessageId)) this.remove([clientMessageId]);
  }

  /** The messages are in the room's order now, or are not wanted any more. */
  remove(clientMessageIds: readonly (string | undefined)[]): void {
    const rest = this.pending.filter((message) => !clientMessageIds.includes(message.clientMessageId));
    if (rest.length === this.pending.length) return;
    this.pending = rest;
    this.#ports.changed();
  }

  /** Nothing can be sent to this room any more. */
  fail(error: ChatError): void {
    this.shut();
    this.#broken = error;
    this.#next();
  }

  #next(): void {
    const message = this.pending.find(({ state }) => state === "sending");
    if (!message) return;
    const { clientMessageId, content } = message;
    if (this.#broken) return this.refuse(clientMessageId, this.#broken);
    if (!this.#open || this.#underWay) return;
    const roomId = this.#room;
    if (!this.#ports.send({ action: "sendMessage", roomId, clientMessageId, content })) return;
    this.#underWay = clientMessageId;
    this.#after(ACK_MS, () => {
      this.#ports.doubt();
      this.#again();
    });
  }

  /** Sends what is under way again after a while. */
  #again(): void {
    this.#after(jitter(this.#attempts++), () => {
      this.#underWay = undefined;
      this.#next();
    });
  }

  #done(): void {
    clearTimeout(this.#timer);
    this.#underWay = undefined;
    this.#attempts = 0;
  }

  #after(ms: number, act: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, ms);
  }

  #failed(clientMessageId: string): boolean {
    return this.pending.some(
      (message) => message.clientMessageId === clientMessageId && message.state === "failed",
    );
  }

  #change(id: string, { state, error }: Pick<PendingMessage, "state" | "error">): PendingMessage | undefined {
    const message = this.pending.find(({ clientMessageId }) => clientMessageId === id);
    if (!message || message.state === state) return message;
    const changed = { clientMessageId: id, content: message.content, state, ...(error && { error }) };
    this.pending = this.pending.map((other) => (other === message ? changed : other));
    this.#ports.changed();
    return changed;
  }
}
