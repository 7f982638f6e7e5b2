/** One room: its messages in order of seq, the pending ones, and the markers of both sides. */

import { ChatError } from "./error.js";
import { checked, MESSAGE, ROOM, type Message, type Receiver, type RoomDetail, type ServerFrames } from "./frames.js";
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

/** `ready` waits this long. */
const READY_MS = 30_000;
/** The most messages of one call. */
const PAGE = 100;

/**
 * A room as one side sees it. Lists and objects are replaced and never changed, so that they can be
 * compared by identity. `chat.on("room", …)` reports each change.
 */
export class Room {
  readonly id: number;
  /** Ascending by seq, without a gap, from the oldest that was loaded to the newest. */
  messages: readonly Message[] = [];
  /** The other side; undefined until the room is loaded. */
  receiver: Receiver | undefined;
  /** How far this account has read. It only grows. */
  readSeq = 0;
  /** How far the other side has read. It only grows. */
  receiverReadSeq = 0;
  /**
   * Why the room cannot be loaded, or cannot catch up. While the error is `transient`, the room
   * tries again by itself; with any other error nothing comes or goes any more.
   */
  error: ChatError | undefined;

  readonly #ports: RoomPorts;
  readonly #outbox: Outbox;
  readonly #signals: Signals;
  readonly #sync: Sync;
  #loaded!: Promise<void>;
  #settle!: (error?: ChatError) => void;
  /** Ends the calls of the room with it. */
  readonly #life = new AbortController();
  /** Messages after a gap, by seq. */
  readonly #ahead = new Map<number, Message>();
  /** The highest seq that is known to exist. */
  #newest = 0;
  /** Whether anything may have been missed since the room was last looked at. */
  #stale = true;
  /** Whether nothing comes or goes any more: the room has failed, or has ended for good. */
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
    this.#outbox = new Outbox(id, { send, doubt, changed: () => (this.#save(), changed()) });
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

  /** The messages that are not in {@link messages} yet, in the order of typing; show them below. */
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

  /** The text in the input box. It belongs to the account and the room, and is kept. */
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
   * Shows a message as pending at once, and sends it until the server has stored it. Messages are
   * stored in the order of these calls.
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

  /** Marks the room as read up to `seq`. The marker only grows, at most to {@link lastSeq}. */
  markRead(seq: number = this.lastSeq): void {
    const marker = Math.min(seq, this.lastSeq);
    if (!(marker > this.readSeq)) return;
    this.readSeq = this.#signals.marked = marker;
    this.#signals.sendMarker();
    this.#changed();
  }

  /** Tells the other side that this one is typing. It can be called at each key. */
  typing(): void {
    this.#signals.sendTyping();
  }

  /**
   * Loads messages before the oldest loaded one.
   *
   * @param limit - 1 to 100
   * @returns whether there are still older ones
   * @throws ChatError if the call fails; it can be repeated
   */
  async loadOlder(limit: number = 50, { signal }: Waiting = {}): Promise<boolean> {
    const oldest = this.messages[0];
    if (oldest && this.hasOlder) {
      const messages = await this.#history({ before: oldest.seq, limit }, signal);
      // The seqs right before the oldest one; anything else would be a gap.
      const complete = messages.every(({ seq }, n) => seq === oldest.seq - messages.length + n);
      checked(complete && messages[0], MESSAGE);
      // Two calls at once get the same messages.
      if (this.messages[0] === oldest) this.messages = [...messages, ...this.messages];
      this.#changed();
    }
    return this.hasOlder;
  }

  /** Looks again now, also after an error: for a button “try again”. Obeys `Retry-After`. */
  refresh(): void {
    if (this.#over && !this.#ended) {
      this.#over = false;
      this.#promise();
    }
    this.#stale = true;
    this.wake();
  }

  /**
   * Lets go of the room. If nothing is pending, it ends now; otherwise it goes on until all is sent
   * or discarded. `chat.room` opens it again.
   */
  close(): void {
    this.held = false;
    this.#changed();
  }

  /** Takes up what was kept of the room; called when the account is known. @internal */
  restore(): void {
    const { draft, pending } = this.#ports.load(this.id);
    this.#draft ||= draft;
    const ids = pending.map(({ clientMessageId }) => clientMessageId);
    const rest = this.pending.filter(({ clientMessageId }) => !ids.includes(clientMessageId));
    if (ids.length || rest.length) this.#outbox.restore([...pending, ...rest]);
  }

  /** Ends the room at once: the chat was closed, or the account has changed. @internal */
  end(error = new ChatError({ code: "closed", message: "The room was closed." })): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#signals.end();
    this.#fail(error);
    this.#life.abort(error);
    this.#ports.ended(this);
  }

  /** Takes messages of a push, or of a response such as that of `POST /auto-replies/{id}`. */
  receive(...messages: readonly Message[]): void {
    this.#take(messages);
    void this.#sync.run();
  }

  /** Continues after a login, or at once after a pause. @internal */
  wake(): void {
    this.#sync.wake();
  }

  /** The connection is new. What came before it is unknown. @internal */
  resume(): void {
    this.#outbox.shut();
    this.#stale = true;
    this.wake();
  }

  /** The connection is gone. @internal */
  pause(): void {
    this.#outbox.shut();
    this.#signals.showTyping(false);
  }

  /** @internal */
  acknowledge({ clientMessageId, id, seq, senderId, createdAt }: ServerFrames["ack"]): void {
    const sent = this.#outbox.acknowledge(clientMessageId);
    if (!sent) return this.behind(seq);
    const { content } = sent;
    this.receive({ id, seq, senderId, type: "general", content, createdAt, clientMessageId });
  }

  /** The server rejected a frame; without an id, perhaps one of this room. @internal */
  refuse(clientMessageId: string | undefined, error: ChatError): void {
    const isOwn = this.pending.some((message) => message.clientMessageId === clientMessageId);
    if (isOwn || !clientMessageId) this.#outbox.refuse(clientMessageId, error);
    // The state of the room has changed: withdrawn, blocked, not this account's any more.
    if (isOwn && !error.transient) this.refresh();
  }

  /** The room has messages up to this seq. @internal */
  behind(seq: number): void {
    this.#newest = Math.max(this.#newest, seq);
    void this.#sync.run();
  }

  /** One side has read up to this seq. @internal */
  read({ readerId, seq }: Pick<ServerFrames["read"], "readerId" | "seq">): void {
    // Before the room is loaded it is unknown whose marker that is; then it is asked for.
    if (!this.receiver) this.#stale = true;
    else if (readerId === this.receiver.receiverId) this.#markers(0, seq);
    else this.#markers(seq, 0);
  }

  /** An account is typing. @internal */
  typed({ accountId }: Pick<ServerFrames["typing"], "accountId">): void {
    if (accountId === this.receiver?.receiverId) this.#signals.showTyping(true);
  }

  /** The next step towards a room that is up to date. */
  #next(isFirst: boolean): (() => Promise<void>) | undefined {
    if (this.#over) return undefined;
    if (this.#stale) return () => this.#look();
    if (this.lastSeq >= this.#newest) return undefined;
    return isFirst ? () => this.#sync.pause() : () => this.#page();
  }

  #failed(error: ChatError): boolean {
    // A login goes on here.
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

  /** Fetches the newest messages and both markers: all that is missing, most of the time. */
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
      // Not before: the response says which messages under way have arrived, and that the room is
      // this account's.
      this.#outbox.open();
    } catch (error) {
      this.#stale = true;
      throw error;
    }
  }

  async #page(): Promise<void> {
    const after = this.lastSeq;
    this.#take(await this.#history({ after, limit: PAGE }, this.#life.signal));
    // The server has fewer messages than it reported, so it is not asked again at once.
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
    // What a failed or closed room did not send is sent after a reload.
    if (!this.#over) this.#ports.save(this.id, this);
  }

  #changed(): void {
    if (this.#life.signal.aborted) return;
    this.#ports.changed(this);
    if (!this.held && !this.pending.length) this.end();
  }
}
