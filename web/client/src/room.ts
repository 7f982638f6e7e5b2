/** One room: its messages in order of seq without a gap, what is pending, and both sides' read markers. */

import type { components } from "./api.js";
import { ChatError } from "./error.js";
import type { Message, ServerFrames } from "./frames.js";
import type { Call } from "./http.js";
import { jitter } from "./jitter.js";
import { Outbox, type OutboxPorts, type PendingMessage } from "./outbox.js";
import type { Role } from "./session.js";

/** The account on the other side; one that has left shows neither name nor picture. */
export type Receiver = components["schemas"]["Receiver"];

/** What a room needs, and whom it tells. @internal */
export interface RoomPorts extends Omit<OutboxPorts, "changed"> {
  readonly role: Role;
  readonly call: Call;
  changed(room: Room): void;
  closed(room: Room): void;
}

/** Frames that overtake each other are mostly in order again after this. */
const REORDER_MS = 200;
/** `typing` is shown for some seconds, and each frame costs. */
const TYPING_MS = 3_000;
/** The most messages that one call gives. */
const PAGE = 100;

/** A room as one side of it sees it. Lists are replaced, never changed, so they can be compared by identity. */
export class Room {
  /** As the server numbers it. */
  readonly id: number;
  /** Settled when the room is there to be shown; fails where it is not the caller's. Not awaited, it does no harm. */
  readonly ready: Promise<void>;
  /** Ascending by seq, without a gap, from the oldest that was loaded to the newest. */
  messages: readonly Message[] = [];
  /** The other side; undefined until {@link ready}. */
  receiver: Receiver | undefined;
  /** How far this account has read; moves forward only. */
  readSeq = 0;
  /** How far the other side has read; moves forward only. */
  receiverReadSeq = 0;
  /** Why nothing comes or goes any more: the room is not the caller's, or was closed. */
  error: ChatError | undefined;

  readonly #ports: RoomPorts;
  readonly #outbox: Outbox;
  #settle!: (error?: ChatError) => void;
  /** What came with a gap before it, by seq. */
  readonly #ahead = new Map<number, Message>();
  /** The highest seq that is known to exist. */
  #newest = 0;
  /** Whether anything may have been missed since the room was last looked at. */
  #stale = true;
  #syncing = false;
  #hurry: (() => void) | undefined;
  /** This account, known from its first message: an acknowledgement does not name it. */
  #me: number | undefined;
  /** The marker that was last set here. There is no acknowledgement, so it is set again after a loss. */
  #marked = 0;
  #typedAt = -Infinity;

  /** @internal */
  constructor(id: number, ports: RoomPorts) {
    this.id = id;
    this.#ports = ports;
    const { send, doubt } = ports;
    this.#outbox = new Outbox(id, { send, doubt, changed: () => this.#changed() });
    this.ready = new Promise((resolve, reject) => (this.#settle = (error) => (error ? reject(error) : resolve())));
    this.ready.catch(() => {});
    void this.#sync();
  }

  /** What was typed here and does not stand in {@link messages} yet, in the order of typing; it belongs below them. */
  get pending(): readonly PendingMessage[] {
    return this.#outbox.pending;
  }

  /** The seq of the newest message without a gap before it; 0 until {@link ready}. */
  get lastSeq(): number {
    return this.messages.at(-1)?.seq ?? 0;
  }

  /** Whether there are older messages than those loaded. */
  get hasOlder(): boolean {
    return (this.messages[0]?.seq ?? 1) > 1;
  }

  /**
   * Shows a message at once as pending, and sends it until the server has it. Messages are kept in the order of these calls.
   *
   * To put back what a closed page had left unsent, give its `clientMessageId` too: if the server has it already, it is not kept twice.
   *
   * @param content - 1 to 2,000 characters after trimming
   * @throws RangeError where it is shorter or longer
   */
  send(content: string, clientMessageId: string = crypto.randomUUID()): PendingMessage {
    return this.#outbox.add(content, clientMessageId);
  }

  /** Sends a message that failed once more, under the same id. */
  retry(clientMessageId: string): void {
    this.#outbox.retry(clientMessageId);
  }

  /** Forgets a message that failed. */
  discard(clientMessageId: string): void {
    this.#outbox.discard(clientMessageId);
  }

  /** Marks the room as read up to `seq`, by default all of it. Never goes back, and never past {@link lastSeq}. */
  markRead(seq: number = this.lastSeq): void {
    const marker = Math.min(seq, this.lastSeq);
    if (marker <= this.readSeq) return;
    this.readSeq = this.#marked = marker;
    this.#sendMarker();
    this.#changed();
  }

  /** Tells the other side that somebody types here. Can be called at each key: it is sent every 3 seconds at most. */
  typing(): void {
    const now = performance.now();
    if (now - this.#typedAt < TYPING_MS) return;
    this.#typedAt = now;
    this.#ports.send({ action: "typing", roomId: this.id });
  }

  /**
   * Loads messages before the oldest one here.
   *
   * @param limit - 1 to 100
   * @returns whether there are still older ones
   * @throws ChatError where the call fails; it can be made again
   */
  async loadOlder(limit: number = 50): Promise<boolean> {
    const oldest = this.messages[0];
    if (oldest && this.hasOlder) {
      const messages = await this.#history({ before: oldest.seq, limit });
      // Two calls at once ask for the same.
      if (this.messages[0] === oldest) this.messages = [...messages, ...this.messages];
      this.#changed();
    }
    return this.hasOlder;
  }

  /**
   * Forgets the room. What is {@link pending} is not sent any more, so a program that cares waits until there is nothing, or keeps the room
   * open: an open room costs no more than a line in a heartbeat.
   */
  close(): void {
    this.#fail(new ChatError({ code: "closed", message: "The room was closed." }));
    this.#ports.closed(this);
  }

  /** Takes a message from wherever: a push, a page, the answer to a call. */
  receive(...messages: readonly Message[]): void {
    this.#take(messages);
    void this.#sync();
  }

  /** The connection is new: what came in between is unknown. @internal */
  resume(): void {
    this.#outbox.shut();
    this.#stale = true;
    this.#hurry?.();
    void this.#sync();
  }

  /** The connection is gone. @internal */
  pause(): void {
    this.#outbox.shut();
  }

  /** @internal */
  acknowledge({ clientMessageId, id, seq, createdAt }: ServerFrames["ack"]): void {
    const sent = this.#outbox.acknowledge(clientMessageId);
    if (seq <= this.lastSeq) this.#outbox.remove([clientMessageId]);
    else if (sent && this.#me) {
      this.receive({ id, seq, senderId: this.#me, type: "general", content: sent.content, createdAt, clientMessageId });
    } else this.behind(seq);
  }

  /** A frame was refused; perhaps one of this room. @internal */
  refuse(clientMessageId: string | undefined, error: ChatError): void {
    if (clientMessageId) this.#outbox.refuse(clientMessageId, error);
    else this.#outbox.again();
  }

  /** The room is known to go as far as this. @internal */
  behind(seq: number): void {
    this.#newest = Math.max(this.#newest, seq);
    void this.#sync();
  }

  /** Somebody has read up to here. @internal */
  read({ readerId, seq }: Pick<ServerFrames["read"], "readerId" | "seq">): void {
    // Whose marker that is, is known only later; then it is asked for.
    if (!this.receiver) this.#stale = true;
    else if (readerId === this.receiver.receiverId) this.#markers(0, seq);
    else this.#markers(seq, 0);
  }

  /** Fetches until nothing is missing. There is one of it at a time; what is told meanwhile, it finds at its next turn. */
  async #sync(): Promise<void> {
    if (this.#syncing) return;
    this.#syncing = true;
    let attempts = 0;
    let patient = true;
    while (!this.error && (this.#stale || this.lastSeq < this.#newest)) {
      try {
        if (this.#stale) await this.#look();
        else if (patient) await this.#pause(REORDER_MS);
        else await this.#page();
        patient = false;
        attempts = 0;
      } catch (error) {
        const { code, transient, retryAfter = 0 } = error as ChatError;
        // Somebody has to log in; that brings a new connection, and the room looks again.
        if (code === "unauthenticated") break;
        if (transient) await this.#pause(retryAfter * 1_000 + jitter(attempts++));
        else this.#fail(error as ChatError);
      }
    }
    this.#syncing = false;
  }

  /** The newest page with both markers: all that is missing, most of the time. */
  async #look(): Promise<void> {
    this.#stale = false;
    try {
      const room = await this.#ports.call(`GET /${this.#ports.role}/chatrooms/{id}`, { path: { id: this.id } });
      if (this.error) return; // It was closed meanwhile.
      if (!this.receiver) this.messages = room.messages;
      this.receiver = room;
      this.#newest = Math.max(this.#newest, room.lastSeq);
      this.#take(room.messages);
      this.#markers(room.readSeq, room.receiverReadSeq);
      if (this.#marked > room.readSeq) this.#sendMarker();
      this.#settle();
      // Not before: the answer says which of the messages under way had arrived, and that the room is this account's at all.
      this.#outbox.open();
    } catch (error) {
      this.#stale = true;
      throw error;
    }
  }

  async #page(): Promise<void> {
    const after = this.lastSeq;
    this.#take(await this.#history({ after, limit: PAGE }));
    // A server that knows less than it told is not asked again at once.
    if (this.lastSeq === after) throw new ChatError({ code: "unavailable", message: "The room's history is behind." });
  }

  async #history(query: { after?: number; before?: number; limit: number }): Promise<Message[]> {
    const { id } = this;
    return (await this.#ports.call(`GET /${this.#ports.role}/chatrooms/{id}/messages`, { path: { id }, query })).messages;
  }

  #take(messages: readonly Message[]): void {
    if (this.error) return;
    for (const message of messages) {
      const { seq, senderId, clientMessageId } = message;
      this.#newest = Math.max(this.#newest, seq);
      if (this.receiver && senderId !== this.receiver.receiverId) this.#me = senderId;
      if (clientMessageId) this.#outbox.acknowledge(clientMessageId);
      this.#ahead.set(seq, message);
    }
    const added: Message[] = [];
    for (const seq of [...this.#ahead.keys()].sort((a, b) => a - b)) {
      const next = this.lastSeq + added.length + 1;
      if (seq > next) break;
      const message = this.#ahead.get(seq);
      if (message && seq === next) added.push(message);
      this.#ahead.delete(seq);
    }
    if (added.length) this.messages = [...this.messages, ...added];
    const inOrder = [...added, ...messages].filter(({ seq }) => seq <= this.lastSeq);
    this.#outbox.remove(inOrder.map(({ clientMessageId }) => clientMessageId));
    this.#changed();
  }

  #sendMarker(): void {
    this.#ports.send({ action: "markRead", roomId: this.id, seq: this.#marked });
  }

  #markers(own: number, receivers: number): void {
    this.readSeq = Math.max(this.readSeq, own);
    this.receiverReadSeq = Math.max(this.receiverReadSeq, receivers);
    this.#changed();
  }

  #fail(error: ChatError): void {
    this.error ??= error;
    this.#outbox.fail(error);
    this.#settle(error);
    this.#hurry?.();
    this.#changed();
  }

  async #pause(ms: number): Promise<void> {
    let timer;
    await new Promise<void>((resolve) => {
      this.#hurry = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
  }

  #changed(): void {
    this.#ports.changed(this);
  }
}
