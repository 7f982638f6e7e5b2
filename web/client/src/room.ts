/** One room: its messages in order of seq, its pending messages, and the markers of both sides. */

import { ChatError } from "./error.js";
import {
  checked,
  MESSAGE,
  type Message,
  type Receiver,
  ROOM,
  type RoomDetail,
  type ServerFrames,
} from "./frames.js";
import type { Call } from "./http.js";
import type { KeptRoom } from "./kept.js";
import { Outbox, type OutboxPorts, type PendingMessage } from "./outbox.js";
import type { Role } from "./session.js";
import { Signals } from "./signals.js";
import { Sync } from "./sync.js";
import { bounded, type Waiting } from "./wait.js";

/** What a room needs and reports. @internal */
export interface RoomPorts extends Omit<OutboxPorts, "changed"> {
  readonly role: Role;
  /** Calls a route that requires a login. */
  readonly call: Call;
  load(id: number): KeptRoom;
  save(id: number, kept: KeptRoom): void;
  changed(room: Room): void;
  ended(room: Room): void;
}

/** The time limit of `ready`. */
const READY_MS = 30_000;
/** The maximum number of messages in one response. */
const PAGE = 100;

/**
 * A room as one side sees it. Lists and objects are replaced and never changed, so that they can be
 * compared by identity. Each change causes a `room` event.
 */
export class Room {
  readonly id: number;
  /** The messages in ascending order of seq, without gaps, from the oldest loaded one. */
  messages: readonly Message[] = [];
  /** The other side, and whether it is blocked; undefined until the room is loaded. */
  receiver: Receiver | undefined;
  /** The read marker of this account. It never decreases. */
  readSeq = 0;
  /** The read marker of the other side. It never decreases. */
  receiverReadSeq = 0;
  /**
   * The reason why the room cannot be loaded or updated. While the error is `transient`, the room
   * retries; with any other error, it neither sends nor receives.
   */
  error: ChatError | undefined;

  readonly #ports: RoomPorts;
  readonly #outbox: Outbox;
  readonly #signals: Signals;
  readonly #sync: Sync;
  #loaded!: Promise<void>;
  #settle!: (error?: ChatError) => void;
  /** Aborts the room's calls when the room ends. */
  readonly #life = new AbortController();
  /** Messages after a gap, by seq. */
  readonly #ahead = new Map<number, Message>();
  /** The highest seq that is known to exist. */
  #newest = 0;
  /** Whether frames may have been missed since the room was last fetched. */
  #stale = true;
  /** Whether the room neither sends nor receives any more, because it has failed or ended. */
  #over = false;
  #ended = false;
  /** Whether the program shows the room. If not, it ends when nothing is pending. @internal */
  held = false;
  #draft = "";

  /** @internal */
  constructor(id: number, ports: RoomPorts) {
    this.id = id;
    this.#ports = ports;
    const { send, doubt } = ports;
    const changed = (): void => this.#changed();
    this.#outbox = new Outbox(id, {
      send,
      doubt,
      changed: () => {
        this.#save();
        changed();
      },
    });
    this.#signals = new Signals(id, send, changed);
    this.#sync = new Sync({
      next: (isFirst) => this.#next(isFirst),
      succeeded: () => this.#report(undefined),
      failed: (error) => this.#failed(error),
    });
    this.#promise();
    this.restore();
    this.wake();
  }

  /**
   * The messages that are not in {@link messages} yet, in the order of sending. Show them below.
   */
  get pending(): readonly PendingMessage[] {
    return this.#outbox.pending;
  }

  /** Whether the other side is typing. */
  get receiverTyping(): boolean {
    return this.#signals.receiverTyping;
  }

  /** The seq of the newest message without a gap before it; 0 until the room is loaded. */
  get lastSeq(): number {
    return this.messages.at(-1)?.seq ?? 0;
  }

  /** Whether there are older messages than the loaded ones. */
  get hasOlder(): boolean {
    return (this.messages[0]?.seq ?? 1) > 1;
  }

  /** The text in the input box. It is stored by account and room. */
  get draft(): string {
    return this.#draft;
  }

  set draft(text: string) {
    this.#draft = text;
    this.#save();
  }

  /**
   * Resolves when the room is loaded.
   *
   * @throws ChatError `room_not_found`, for example; `network` after 30 seconds
   */
  ready({ signal }: Waiting = {}): Promise<void> {
    return bounded(READY_MS, signal, () => this.#loaded);
  }

  /**
   * Adds a pending message and sends it until the server has stored it. Messages are stored in the
   * order of these calls.
   *
   * @param content - 1 to 2,000 characters after trimming
   * @param clientMessageId - the id of an earlier attempt, if this is a repeat
   * @throws RangeError if the content is shorter or longer
   */
  send(content: string, clientMessageId: string = crypto.randomUUID()): PendingMessage {
    return this.#outbox.add(content, clientMessageId);
  }

  /** Sends a failed message again, under the same id. */
  retry(clientMessageId: string): void {
    this.#outbox.retry(clientMessageId);
  }

  /** Removes a failed message. */
  discard(clientMessageId: string): void {
    this.#outbox.discard(clientMessageId);
  }

  /** Marks the room as read up to `seq`, at most {@link lastSeq}. The marker never decreases. */
  markRead(seq: number = this.lastSeq): void {
    const marker = Math.min(seq, this.lastSeq);
    if (!(marker > this.readSeq)) return;
    this.readSeq = this.#signals.marked = marker;
    this.#signals.sendMarker();
    this.#changed();
  }

  /** Signals that this side is typing. It can be called at each key. */
  typing(): void {
    this.#signals.sendTyping();
  }

  /**
   * Blocks the customer of a company's room: the customer can read the room but not send messages.
   *
   * @throws ChatError if the call fails; it can be repeated
   */
  block({ signal }: Waiting = {}): Promise<void> {
    return this.#block(true, signal);
  }

  /**
   * Ends the block of the customer.
   *
   * @throws ChatError if the call fails; it can be repeated
   */
  unblock({ signal }: Waiting = {}): Promise<void> {
    return this.#block(false, signal);
  }

  /**
   * Loads messages before the oldest loaded one.
   *
   * @param limit - 1 to 100
   * @returns whether there are more older messages
   * @throws ChatError if the call fails; it can be repeated
   */
  async loadOlder(limit: number = 50, { signal }: Waiting = {}): Promise<boolean> {
    const oldest = this.messages[0];
    if (oldest && this.hasOlder) {
      const messages = await this.#history({ before: oldest.seq, limit }, signal);
      // The seqs must end just before the oldest one; otherwise there would be a gap.
      const complete = messages.every(({ seq }, n) => seq === oldest.seq - messages.length + n);
      checked(complete && messages[0], MESSAGE);
      // Two concurrent calls get the same messages.
      if (this.messages[0] === oldest) this.messages = [...messages, ...this.messages];
      this.#changed();
    }
    return this.hasOlder;
  }

  /**
   * Fetches the room now, also after an error, such as for a “try again” button. Obeys
   * `Retry-After`.
   */
  refresh(): void {
    if (this.#over && !this.#ended) {
      this.#over = false;
      this.#promise();
    }
    this.#stale = true;
    this.wake();
  }

  /**
   * Closes the room. If messages are pending, it ends after all of them were sent or discarded.
   * `chat.room` opens it again.
   */
  close(): void {
    this.held = false;
    this.#changed();
  }

  /** Restores the room's stored messages and draft, when the account is known. @internal */
  restore(): void {
    const { draft, pending } = this.#ports.load(this.id);
    this.#draft ||= draft;
    const ids = pending.map(({ clientMessageId }) => clientMessageId);
    const rest = this.pending.filter(({ clientMessageId }) => !ids.includes(clientMessageId));
    if (ids.length || rest.length) this.#outbox.restore([...pending, ...rest]);
  }

  /** Ends the room immediately: the chat was closed, or the account has changed. @internal */
  end(error = new ChatError({ code: "closed", message: "The room was closed." })): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#signals.end();
    this.#fail(error);
    this.#life.abort(error);
    this.#ports.ended(this);
  }

  /** Adds messages of a push, or of a response such as that of `POST /auto-replies/{id}`. */
  receive(...messages: readonly Message[]): void {
    // No frame tells that a block has ended, but the company then usually writes.
    if (this.receiver?.blocked && this.#ports.role === "customer") this.#stale = true;
    this.#take(messages);
    void this.#sync.run();
  }

  /** Continues after a login, or ends a pause. @internal */
  wake(): void {
    this.#sync.wake();
  }

  /** Handles a new connection. Frames may have been missed before it. @internal */
  resume(): void {
    this.#outbox.shut();
    this.#stale = true;
    this.wake();
  }

  /** Handles the loss of the connection. @internal */
  pause(): void {
    this.#outbox.shut();
    this.#signals.showTyping(false);
  }

  /** @internal */
  acknowledge({ clientMessageId, id, seq, senderId, createdAt }: ServerFrames["ack"]): void {
    const sent = this.#outbox.acknowledge(clientMessageId);
    if (!sent) {
      this.behind(seq);
      return;
    }
    const { content } = sent;
    this.receive({ id, seq, senderId, type: "general", content, createdAt, clientMessageId });
  }

  /** Handles the error of a frame; without an id, the frame may be of this room. @internal */
  refuse(clientMessageId: string | undefined, error: ChatError): void {
    const isOwn = this.pending.some((message) => message.clientMessageId === clientMessageId);
    if (isOwn || !clientMessageId) this.#outbox.refuse(clientMessageId, error);
    if (isOwn && error.code === "blocked") this.#showBlock(true);
    // The other side may have withdrawn, or the room may not be accessible any more.
    if (isOwn && !error.transient) this.refresh();
  }

  /** Notes that the room has messages up to this seq. @internal */
  behind(seq: number): void {
    this.#newest = Math.max(this.#newest, seq);
    void this.#sync.run();
  }

  /** Handles a read marker of one side. @internal */
  read({ readerId, seq }: Pick<ServerFrames["read"], "readerId" | "seq">): void {
    // Before the room is loaded, it is unknown whose marker this is, so the room is fetched again.
    if (!this.receiver) this.#stale = true;
    else if (readerId === this.receiver.receiverId) this.#markers(0, seq);
    else this.#markers(seq, 0);
  }

  /** Handles a `typing` frame. @internal */
  typed({ accountId }: Pick<ServerFrames["typing"], "accountId">): void {
    if (accountId === this.receiver?.receiverId) this.#signals.showTyping(true);
  }

  /** Returns the next step to bring the room up to date. */
  #next(isFirst: boolean): (() => Promise<void>) | undefined {
    if (this.#over) return undefined;
    if (this.#stale) return () => this.#look();
    if (this.lastSeq >= this.#newest) return undefined;
    return isFirst ? () => this.#sync.pause() : () => this.#page();
  }

  async #block(blocked: boolean, signal: AbortSignal | undefined): Promise<void> {
    const method = blocked ? "PUT" : "DELETE";
    const input = { path: { id: this.id }, signal };
    await this.#ports.call(`${method} /company/chatrooms/{id}/block`, input);
    this.#showBlock(blocked);
    // A fetch that began earlier may still show the previous state.
    this.refresh();
  }

  #showBlock(blocked: boolean): void {
    if (!this.receiver) return;
    this.receiver = { ...this.receiver, blocked };
    this.#changed();
  }

  #failed(error: ChatError): boolean {
    // The room continues after the next login.
    if (this.#over || error.code === "unauthenticated") return false;
    if (error.transient) this.#report(error);
    else this.#fail(error);
    return error.transient;
  }

  #report(error: ChatError | undefined): void {
    if (this.#over || this.error === error) return;
    this.error = error;
    this.#changed();
  }

  /** Fetches the newest messages and both markers, which usually is everything that is missing. */
  async #look(): Promise<void> {
    this.#stale = false;
    try {
      const input = { path: { id: this.id }, signal: this.#life.signal };
      const answer = await this.#ports.call(`GET /${this.#ports.role}/chatrooms/{id}`, input);
      if (this.#over) return;
      const { messages, ...room } = checked(answer as unknown as RoomDetail, ROOM);
      if (!this.receiver) this.messages = messages.slice(0, 1);
      this.receiver = room;
      this.#newest = Math.max(this.#newest, room.lastSeq);
      this.#take(messages);
      this.#markers(room.readSeq, room.receiverReadSeq);
      if (this.#signals.marked > room.readSeq) this.#signals.sendMarker();
      this.#settle();
      // Only now: the response shows which sent messages have arrived, and that this account may
      // access the room.
      this.#outbox.open();
    } catch (error) {
      this.#stale = true;
      throw error;
    }
  }

  async #page(): Promise<void> {
    const after = this.lastSeq;
    this.#take(await this.#history({ after, limit: PAGE }, this.#life.signal));
    // The server has fewer messages than it reported. The next request waits.
    if (this.lastSeq === after) {
      throw new ChatError({ code: "unavailable", message: "The history is not complete yet." });
    }
  }

  async #history(
    query: { after?: number; before?: number; limit: number },
    signal: AbortSignal | undefined,
  ): Promise<Message[]> {
    const input = { path: { id: this.id }, query, signal };
    const page = await this.#ports.call(`GET /${this.#ports.role}/chatrooms/{id}/messages`, input);
    if (this.#life.signal.aborted) throw this.error;
    return checked(page, { messages: [MESSAGE] }).messages;
  }

  #take(messages: readonly Message[]): void {
    if (this.#over) return;
    for (const message of messages) {
      const { seq, senderId, clientMessageId } = message;
      this.#newest = Math.max(this.#newest, seq);
      if (senderId === this.receiver?.receiverId) this.#signals.showTyping(false);
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

  #markers(own: number, receivers: number): void {
    this.readSeq = Math.max(this.readSeq, own);
    this.receiverReadSeq = Math.max(this.receiverReadSeq, receivers);
    this.#changed();
  }

  #fail(error: ChatError): void {
    this.#over = true;
    this.error = error;
    this.#outbox.fail(error);
    this.#settle(error);
    this.#sync.wake();
    this.#changed();
  }

  #promise(): void {
    this.#loaded = new Promise((resolve, reject) => {
      this.#settle = (error) => (error ? reject(error) : resolve());
    });
    this.#loaded.catch(() => {});
  }

  #save(): void {
    // The unsent messages of a failed or closed room stay stored and are sent after a reload.
    if (!this.#over) this.#ports.save(this.id, this);
  }

  #changed(): void {
    if (this.#life.signal.aborted) return;
    this.#ports.changed(this);
    if (!this.held && !this.pending.length) this.end();
  }
}
