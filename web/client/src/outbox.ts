/** The unsent messages of one room. One is sent at a time, until the server acknowledges it. */

import type { ChatError } from "./error.js";
import type { ClientFrame } from "./frames.js";
import { jitter, pause } from "./wait.js";

/** A message that is not in the room's messages yet. Objects are replaced and never changed. */
export interface PendingMessage {
  /** A UUID with which the server recognises repeats and the room recognises its own messages. */
  readonly clientMessageId: string;
  /** The text as the server stores it: trimmed, and in NFC. */
  readonly content: string;
  /**
   * - `sending`: it is sent until the server acknowledges it
   * - `sent`: the server has stored it; it moves to the room's messages when those before it are
   *   there
   * - `failed`: the server has rejected it, or the account has sent too many messages for more than
   *   a minute; it is sent again only after `retry`
   */
  readonly state: "sending" | "sent" | "failed";
  /** Why it was rejected. */
  readonly error?: ChatError;
}

/** What the outbox needs and reports. @internal */
export interface OutboxPorts {
  send(frame: ClientFrame): boolean;
  /** No ack arrived in time, so the connection may be lost. */
  doubt(): void;
  changed(): void;
}

/** The longest message, in Unicode scalar values. */
const MAX_CHARACTERS = 2_000;
/**
 * How long to wait for an ack, which usually takes less than a second, or seconds after a cold
 * start.
 */
const ACK_MS = 8_000;
/**
 * After this many attempts, an error that usually is temporary fails the message: the message
 * itself may be the cause of an internal error, and a limit may last for hours.
 */
const MAX_ATTEMPTS = 8;

/**
 * Returns a text as the server stores it. Half of a surrogate pair is replaced, because it would
 * make the whole frame invalid, and the error would not name the message.
 */
const stored = (content: string): string =>
  content
    .replace(/\p{Surrogate}/gu, "\uFFFD")
    .replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "")
    .normalize();

/** @internal */
export class Outbox {
  /** The messages in the order of their `send` calls. */
  pending: readonly PendingMessage[] = [];
  readonly #room: number;
  readonly #ports: OutboxPorts;
  #open = false;
  /**
   * The id of the message that was sent and not acknowledged. There is at most one: API Gateway
   * does not keep the order of two frames of one connection, so the next message waits for the ack.
   */
  #underWay: string | undefined;
  #attempts = 0;
  /** The reason why no message can be sent any more. */
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
    // A frame that is too long would close the connection, again at each repeat.
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

  /** Starts sending: the connection is open and the room was fetched. */
  open(): void {
    this.#open = true;
    this.#broken = undefined;
    this.#next();
  }

  /** Stops sending: the connection was lost, and it is unknown which messages arrived. */
  shut(): void {
    this.#open = false;
    this.#done();
  }

  /** Handles an ack: the server has stored the message. */
  acknowledge(clientMessageId: string): PendingMessage | undefined {
    const message = this.#change(clientMessageId, { state: "sent" });
    if (this.#underWay === clientMessageId) this.#done();
    this.#next();
    return message;
  }

  /** Handles a permanent or temporary error of a message; without an id, of the one under way. */
  refuse(clientMessageId: string | undefined, error: ChatError): void {
    clientMessageId ??= this.#underWay;
    if (!clientMessageId) return;
    const isUnderWay = this.#underWay === clientMessageId;
    const isLimit = error.code === "too_many_requests";
    // The attempts are those of the message under way.
    const exhausted =
      isUnderWay &&
      this.#attempts >= MAX_ATTEMPTS &&
      (isLimit || /^(internal|gateway)$/.test(error.code));
    if (error.transient && !exhausted) {
      if (isUnderWay) this.#again(isLimit ? pause : jitter);
      return;
    }
    for (const message of this.pending) {
      // A limit fails the messages after this one, too, so that they do not overtake it.
      const isAffected = isLimit || message.clientMessageId === clientMessageId;
      if (isAffected && message.state === "sending")
        this.#change(message.clientMessageId, { state: "failed", error });
    }
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

  /** Removes messages that are in the room's messages now, or that were discarded. */
  remove(clientMessageIds: readonly (string | undefined)[]): void {
    const rest = this.pending.filter(
      (message) => !clientMessageIds.includes(message.clientMessageId),
    );
    if (rest.length === this.pending.length) return;
    this.pending = rest;
    this.#ports.changed();
  }

  /** Fails all messages: no message can be sent to this room any more. */
  fail(error: ChatError): void {
    this.shut();
    this.#broken = error;
    this.#next();
  }

  #next(): void {
    const message = this.pending.find(({ state }) => state === "sending");
    if (!message) return;
    const { clientMessageId, content } = message;
    if (this.#broken) {
      this.refuse(clientMessageId, this.#broken);
      return;
    }
    if (!this.#open || this.#underWay) return;
    const roomId = this.#room;
    if (!this.#ports.send({ action: "sendMessage", roomId, clientMessageId, content })) return;
    this.#underWay = clientMessageId;
    this.#after(ACK_MS, () => {
      this.#ports.doubt();
      this.#again();
    });
  }

  /** Sends the message under way again after a wait. */
  #again(wait = jitter): void {
    this.#after(wait(this.#attempts++), () => {
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

  #change(
    id: string,
    { state, error }: Pick<PendingMessage, "state" | "error">,
  ): PendingMessage | undefined {
    const message = this.pending.find(({ clientMessageId }) => clientMessageId === id);
    if (!message || message.state === state) return message;
    const changed = {
      clientMessageId: id,
      content: message.content,
      state,
      ...(error && { error }),
    };
    this.pending = this.pending.map((other) => (other === message ? changed : other));
    this.#ports.changed();
    return changed;
  }
}
