/** What somebody typed into one room and the server has not acknowledged: sent one after the other, and again until it is. */

import { ChatError } from "./error.js";
import type { ClientFrame } from "./frames.js";
import { jitter } from "./jitter.js";

/** A message that does not stand in the room's order yet. A change makes a new object. */
export interface PendingMessage {
  /** A UUID, by which the server knows a repeat and the room finds the message when it comes back. */
  readonly clientMessageId: string;
  /** As the server will keep it: trimmed. */
  readonly content: string;
  /**
   * - `sending`: kept here, and sent until the server acknowledges it
   * - `sent`: acknowledged; it moves to the room's messages when those before it are there
   * - `failed`: refused, and not sent any more unless somebody says `retry`
   */
  readonly state: "sending" | "sent" | "failed";
  /** Why it was refused. */
  readonly error?: ChatError;
}

/** What the outbox needs, and whom it tells. @internal */
export interface OutboxPorts {
  send(frame: ClientFrame): boolean;
  /** No answer came in time: does the connection live? */
  doubt(): void;
  changed(): void;
}

/** The longest message, in characters (Unicode scalar values). */
const MAX_CHARACTERS = 2_000;
/** An acknowledgement takes a fraction of a second, from a cold function some seconds. Sending again is harmless. */
const ACK_MS = 8_000;

/**
 * A text as the server takes and keeps it. A lone half of a surrogate pair is no character and would spoil the whole frame, without an
 * error that names the message.
 */
const kept = (content: string): string =>
  content.replace(/\p{Surrogate}/gu, "\uFFFD").replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "");

/** @internal */
export class Outbox {
  /** In the order in which they were typed. */
  pending: readonly PendingMessage[] = [];
  readonly #room: number;
  readonly #ports: OutboxPorts;
  #open = false;
  /**
   * The one message that is under way: API Gateway promises no order between two frames of one connection, so the next has to wait
   * for the acknowledgement.
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

  add(content: string, clientMessageId: string): PendingMessage {
    const before = this.pending.find((message) => message.clientMessageId === clientMessageId);
    if (before) return before;
    const text = kept(content);
    // Refused here, for a frame that is too long ends the connection, and would again with each repeat.
    if (!text || [...text].length > MAX_CHARACTERS) throw new RangeError("A message has 1 to 2,000 characters.");
    const message: PendingMessage = { clientMessageId, content: text, state: "sending" };
    this.pending = [...this.pending, message];
    this.#ports.changed();
    this.#next();
    return message;
  }

  /** The connection is new, and what was stored before it is known. */
  open(): void {
    this.#open = true;
    this.#next();
  }

  /** The connection is gone: nobody knows what of it arrived. */
  shut(): void {
    this.#open = false;
    this.#done();
  }

  /** The message is kept by the server. */
  acknowledge(clientMessageId: string): PendingMessage | undefined {
    const message = this.#change(clientMessageId, { state: "sent" });
    if (this.#underWay === clientMessageId) {
      this.#attempts = 0;
      this.#done();
    }
    this.#next();
    return message;
  }

  /** The message is not kept; or this time not, and is tried again. */
  refuse(clientMessageId: string, error: ChatError): void {
    if (error.transient) return this.again(clientMessageId);
    this.#change(clientMessageId, { state: "failed", error });
    if (this.#underWay === clientMessageId) this.#done();
    this.#next();
  }

  /** What is under way, or only this message if it is, is sent again after a while. */
  again(clientMessageId = this.#underWay): void {
    if (!this.#underWay || clientMessageId !== this.#underWay) return;
    this.#after(jitter(this.#attempts++), () => {
      this.#done();
      this.#next();
    });
  }

  retry(clientMessageId: string): void {
    if (this.#failed(clientMessageId)) this.#change(clientMessageId, { state: "sending" });
    this.#next();
  }

  discard(clientMessageId: string): void {
    if (this.#failed(clientMessageId)) this.remove([clientMessageId]);
  }

  /** They stand in the room's order now, or are not wanted. */
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
    if (!this.#ports.send({ action: "sendMessage", roomId: this.#room, clientMessageId, content })) return;
    this.#underWay = clientMessageId;
    this.#after(ACK_MS, () => {
      this.#ports.doubt();
      this.again();
    });
  }

  #done(): void {
    clearTimeout(this.#timer);
    this.#underWay = undefined;
  }

  #after(ms: number, act: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, ms);
  }

  #failed(clientMessageId: string): boolean {
    return this.pending.some((message) => message.clientMessageId === clientMessageId && message.state === "failed");
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
