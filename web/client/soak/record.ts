/** The observations of one client. `tests/soak/src/library.rs` reads them, and the checker there judges them. */

import type { Chat, Message, Room } from "@chatchat/client";
import type { Network } from "./network.js";

/** The place of a stored message. */
type Place = Pick<Message, "seq" | "id">;

/** A message that was passed to `send`. */
export interface Attempt {
  room: number;
  /** The messages of one outbox must be stored in the order of the attempts. */
  outbox: string;
  clientMessageId: string;
  content: string;
  /** The different places that the server reported. */
  acknowledged: Place[];
  /** The reason why it was given up. */
  failed?: string;
}

/** The messages that a room showed when it was closed or at the end, or of which a page was notified. */
interface View {
  room: number;
  settled: boolean;
  shown: readonly Message[];
}

interface Marker {
  seq: number;
  atLeast: number;
}

/** The read markers of one side of a room. */
interface Trail {
  room: number;
  reader: number;
  received: Marker[];
}

export class Recorder {
  readonly attempts: Attempt[] = [];
  readonly views: View[] = [];
  /** The number of messages that were acknowledged. */
  acknowledged = 0;
  /** The number of `message` events. */
  pushes = 0;
  readonly #name: string;
  readonly #network: Network;
  readonly #attempts = new Map<string, Attempt>();
  readonly #open = new Set<Attempt>();
  /** The messages of `message` events, by load of the page and room. */
  readonly #notified: Map<number, Message[]>[] = [];
  readonly #trails = new Map<string, Trail>();
  /** The highest marker of the other side that each room showed. */
  readonly #known = new Map<number, number>();
  /** What was recorded of each room object. */
  readonly #seen = new WeakMap<
    Room,
    { oldest: number; newest: number; read: number; receiverRead: number }
  >();

  constructor(name: string, network: Network) {
    this.#name = name;
    this.#network = network;
  }

  /** Records what a chat reports. */
  listen(chat: Chat): void {
    const notified = new Map<number, Message[]>();
    this.#notified.push(notified);
    chat.on("message", ({ roomId, message }) => {
      this.pushes += 1;
      const before = notified.get(roomId);
      if (before) before.push(message);
      else notified.set(roomId, [message]);
    });
    chat.on("ack", ({ clientMessageId, seq, id }) =>
      this.#acknowledge(clientMessageId, { seq, id }),
    );
    chat.on("error", ({ code }) => this.#network.failed(code));
    chat.on("read", ({ roomId, readerId, seq }) => {
      // The other side's marker is recorded as the room shows it.
      if (readerId === chat.account) this.#mark(roomId, readerId, { seq, atLeast: 0 });
    });
    // A room can change several times before its new state is complete; pages render after that.
    chat.on("room", (room) => queueMicrotask(() => this.#look(room, chat.account)));
  }

  /** Records a message that was passed to `send`. */
  sent(room: number, clientMessageId: string, content: string): void {
    const attempt: Attempt = {
      room,
      outbox: this.#name,
      clientMessageId,
      content,
      acknowledged: [],
    };
    this.attempts.push(attempt);
    this.#attempts.set(clientMessageId, attempt);
    this.#open.add(attempt);
  }

  /** Records that a failed message is sent again. Later messages may be stored before it. */
  retried(clientMessageId: string): void {
    const attempt = this.#attempts.get(clientMessageId);
    if (attempt) attempt.outbox = `${this.#name}, again ${clientMessageId}`;
  }

  /** Records that a message is not sent again. */
  gaveUp(clientMessageId: string, why: string): void {
    const attempt = this.#attempts.get(clientMessageId);
    if (!attempt || attempt.acknowledged.length) return;
    attempt.failed = why;
    this.#open.delete(attempt);
  }

  /** Whether every message was acknowledged or given up. */
  get isEmpty(): boolean {
    return !this.#open.size;
  }

  /** How many messages of a room are neither acknowledged nor given up. */
  unacknowledged(room: number): number {
    return [...this.#open].filter((attempt) => attempt.room === room).length;
  }

  /** Records the messages of a room that is closed, or at the end. */
  shown({ id, messages }: Room, settled: boolean): void {
    this.views.push({ room: id, settled, shown: messages });
  }

  /** Returns everything as one JSON line contains it. */
  toJSON(): object {
    const attempts = this.attempts.map((attempt) => ({
      ...attempt,
      sends: this.#network.sends.get(attempt.clientMessageId) ?? 0,
    }));
    // A page is notified of a message once. Notifications can come in any order and be missed.
    const notified = this.#notified.flatMap((rooms) =>
      [...rooms].map(([room, messages]): View => {
        return { room, settled: false, shown: messages.sort((one, other) => one.seq - other.seq) };
      }),
    );
    const trails = [...this.#trails.values()];
    const errors = Object.fromEntries(this.#network.errors);
    const views = [...this.views, ...notified];
    return { attempts, views, trails, errors, pushes: this.pushes };
  }

  #acknowledge(clientMessageId: string, { seq, id }: Place): void {
    const attempt = this.#attempts.get(clientMessageId);
    if (!attempt) return;
    if (!attempt.acknowledged.length) this.acknowledged += 1;
    if (!attempt.acknowledged.some((place) => place.seq === seq && place.id === id)) {
      attempt.acknowledged.push({ seq, id });
    }
    this.#open.delete(attempt);
  }

  #look(room: Room, account: number | undefined): void {
    if (!room.receiver || !account) return;
    const { id, messages, readSeq, receiverReadSeq, receiver } = room;
    const before = this.#seen.get(room) ?? { oldest: 0, newest: 0, read: 0, receiverRead: -1 };
    const isNew = ({ seq }: Message): boolean => seq > before.newest || seq < before.oldest;
    for (const { clientMessageId, ...place } of messages.filter(isNew)) {
      if (clientMessageId) this.#acknowledge(clientMessageId, place);
    }
    // `readSeq` is not confirmed by the server, so only a decrease is recorded.
    if (readSeq < before.read) this.#mark(id, account, { seq: readSeq, atLeast: before.read });
    if (receiverReadSeq !== before.receiverRead) {
      const known = this.#known.get(id) ?? 0;
      this.#mark(id, receiver.receiverId, { seq: receiverReadSeq, atLeast: known });
      this.#known.set(id, Math.max(known, receiverReadSeq));
    }
    const [oldest, newest] = [messages[0]?.seq ?? 0, room.lastSeq];
    this.#seen.set(room, { oldest, newest, read: readSeq, receiverRead: receiverReadSeq });
  }

  #mark(room: number, reader: number, marker: Marker): void {
    const key = `${room} ${reader}`;
    const trail = this.#trails.get(key) ?? { room, reader, received: [] };
    trail.received.push(marker);
    this.#trails.set(key, trail);
  }
}
