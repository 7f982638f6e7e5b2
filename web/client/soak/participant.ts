/** One client of the soak. It uses the library as a page does, and nothing else. */

import { type Chat, createChat, type Role, type Room } from "@chatchat/client";
import type { Browser } from "./browser.js";
import { Network } from "./network.js";
import { Recorder } from "./record.js";

/** The phases of a run; see `tests/soak/src/common.rs`. */
export type Phase = "arriving" | "sending" | "draining" | "settling" | "over";

/** The account of a client, and what the client does. */
export interface Identity {
  /** The name in reports. */
  name: string;
  role: Role;
  username: string;
  password: string;
  rooms: number[];
  /** The seed of all random choices, 1 to 2,147,483,646. */
  seed: number;
}

/** The time between two heartbeats that a client asks for while it settles. */
const QUESTION_MS = 3_000;
/** The maximum number of rooms in a heartbeat. */
const HEARTBEAT_ROOMS = 20;
/** A client writes no more messages to a room in which this many are not acknowledged. */
const MAX_UNACKNOWLEDGED = 5;
/** The wait after a login that failed. */
const LOGIN_MS = 500;

const TEXTS = [
  "안녕하세요, 주문하려고요.",
  "👩‍👩‍👧‍👦 네 명이요 🇰🇷 ☕️",
  "첫 줄\n둘째 줄\t끝",
  `그는 "네"라고 했다 \\ ' ; -- $1 %`,
  // In NFD and with spaces around it: the library has to show what the server stores.
  `  ${"받침 있는 글".normalize("NFD")} \n`,
];

export class Participant {
  /** The number of connections that were lost, without those that the client cut itself. */
  lost = 0;
  readonly recorder: Recorder;
  readonly #identity: Identity;
  readonly #url: string;
  readonly #thinkMs: number;
  readonly #browser: Browser;
  readonly #network: Network;
  #chat!: Chat;
  #phase: Phase = "arriving";
  #random: number;
  readonly #rooms = new Map<
    number,
    { room: Room; nextAt: number; closedUntil: number | undefined }
  >();
  #nextActAt = 0;
  #loading = false;
  /** Whether the client itself closes its connection, or reports that its network has changed. */
  #cutting = false;
  #onlineAt = Number.POSITIVE_INFINITY;
  #nextQuestionAt = 0;
  /** The number of heartbeat answers that the client still waits for before it is settled. */
  #answersLeft = 0;
  /** The newest seq of each room that a heartbeat named. */
  readonly #newest = new Map<number, number>();

  constructor(url: string, thinkMs: number, identity: Identity, browser: Browser) {
    this.#browser = browser;
    this.#network = new Network(browser);
    this.#url = url;
    this.#thinkMs = thinkMs;
    this.#identity = identity;
    this.#random = identity.seed;
    this.recorder = new Recorder(identity.name, this.#network);
    this.#load();
    this.enter("arriving");
  }

  /** Whether no message waits for an acknowledgement. */
  get isEmpty(): boolean {
    return this.recorder.isEmpty;
  }

  /** Whether, in a phase without new messages, heartbeats confirmed that no message is missing. */
  get isSettled(): boolean {
    if (this.#phase !== "arriving" && this.#phase !== "settling") return false;
    if (this.#answersLeft > 0 || this.#chat.connection !== "open") return false;
    return [...this.#rooms.values()].every(({ room }) => this.#isComplete(room));
  }

  enter(phase: Phase): void {
    const now = performance.now();
    if (phase === "over") {
      for (const { room } of this.#rooms.values()) {
        this.recorder.shown(room, this.#answersLeft <= 0 && this.#isComplete(room));
      }
      this.#close();
    }
    if (phase === "sending") {
      for (const open of this.#rooms.values()) open.nextAt = now + this.#thinkMs * this.#next();
      this.#nextActAt = now + 2_000 * this.#next();
    }
    this.#phase = phase;
    const heartbeats = Math.ceil(this.#identity.rooms.length / HEARTBEAT_ROOMS);
    this.#answersLeft = heartbeats + Math.max(0, this.#network.unanswered);
    this.#nextQuestionAt = now;
  }

  /** Does everything that is due. */
  act(): void {
    if (this.#phase === "over") return;
    const now = performance.now();
    const { session } = this.#chat;
    if (!this.#browser.isLoggingIn && (session === "loggedOut" || session === "expired"))
      void this.#logIn(this.#chat);
    if (now >= this.#onlineAt) {
      this.#onlineAt = Number.POSITIVE_INFINITY;
      this.#dispatch("online");
    }
    for (const open of this.#rooms.values()) {
      if (
        open.closedUntil !== undefined &&
        (now >= open.closedUntil || this.#phase === "settling")
      ) {
        this.#reopen(open);
      }
      this.#retry(open.room);
      // A page shows no room before it knows the account. The library could not store a message.
      const isShown = open.closedUntil === undefined && this.#chat.account !== undefined;
      if (this.#phase === "sending" && now >= open.nextAt && isShown) {
        open.nextAt = now + this.#thinkMs * 2 * this.#next();
        this.#write(open.room);
      }
    }
    if (this.#phase === "sending" && now >= this.#nextActAt) {
      this.#nextActAt = now + 1_000 + 3_000 * this.#next();
      this.#actRandomly(now);
    }
    if (this.#phase === "settling") this.#loadOlder();
    if ((this.#phase === "arriving" || this.#phase === "settling") && now >= this.#nextQuestionAt) {
      // A page does this when the network changes. Otherwise, heartbeats are minutes apart.
      this.#nextQuestionAt = now + QUESTION_MS;
      this.#dispatch("online");
    }
  }

  #next(): number {
    this.#random = (this.#random * 48_271) % 2_147_483_647;
    return this.#random / 2_147_483_647;
  }

  /** Does what a page does while it loads. */
  #load(): void {
    const { role, rooms } = this.#identity;
    const chat = createChat({
      url: this.#url,
      role,
      ...this.#network.options,
      keep: this.#browser.keep,
      tabs: this.#browser.tab(),
    });
    this.#chat = chat;
    this.recorder.listen(chat);
    let before = chat.connection;
    chat.on("connection", (state) => {
      if (before === "open" && !this.#cutting && this.#chat === chat) this.lost += 1;
      before = state;
    });
    chat.on("heartbeat", (frame) => {
      this.#network.unanswered -= 1;
      this.#answersLeft -= 1;
      for (const { roomId, lastSeq } of frame.rooms) {
        this.#newest.set(roomId, Math.max(lastSeq, this.#newest.get(roomId) ?? 0));
      }
    });
    for (const id of rooms) {
      const nextAt = this.#rooms.get(id)?.nextAt ?? Number.POSITIVE_INFINITY;
      this.#rooms.set(id, { room: chat.room(id), nextAt, closedUntil: undefined });
    }
    // If the cookie of an earlier login is valid, `connect` continues its session.
    this.#network.connect(chat);
  }

  async #logIn(chat: Chat): Promise<void> {
    this.#browser.isLoggingIn = true;
    try {
      await chat.logIn(this.#identity.username, this.#identity.password);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, LOGIN_MS));
    }
    this.#browser.isLoggingIn = false;
  }

  #dispatch(event: "online" | "offline"): void {
    this.#cutting = true;
    this.#network.dispatch(event);
    this.#cutting = false;
  }

  /** Writes a message, and sometimes two more that wait for it. */
  #write(room: Room): void {
    const messages = this.#next() < 0.1 ? 3 : 1;
    for (let n = 0; n < messages; n++) {
      if (this.recorder.unacknowledged(room.id) >= MAX_UNACKNOWLEDGED) return;
      const kind = TEXTS[Math.floor(this.#next() * TEXTS.length)]!;
      const number = this.recorder.attempts.length;
      const { clientMessageId, content } = room.send(
        `${kind}${number} ${this.#identity.name}: ${kind}`,
      );
      this.recorder.sent(room.id, clientMessageId, content);
    }
  }

  /** Sends failed messages again if that can succeed, as a person does. */
  #retry(room: Room): void {
    for (const { clientMessageId, state, error } of room.pending) {
      if (state !== "failed" || error?.code === "closed") continue;
      if (error?.transient) {
        this.recorder.retried(clientMessageId);
        room.retry(clientMessageId);
      } else {
        this.recorder.gaveUp(clientMessageId, error?.code ?? "failed");
      }
    }
  }

  /** Does one random thing other than sending. */
  #actRandomly(now: number): void {
    const open = [...this.#rooms.values()][Math.floor(this.#next() * this.#rooms.size)]!;
    const { room } = open;
    switch (Math.floor(this.#next() * 12)) {
      case 0:
        this.#dispatch("online");
        break;
      case 1:
        this.#dispatch("offline");
        this.#onlineAt = now + 1_000 * this.#next();
        break;
      case 2:
        room.close();
        open.closedUntil ??= now + 2_000 * this.#next();
        break;
      case 3:
        this.#reload();
        break;
      case 4:
        room.refresh();
        break;
      case 5:
        room.loadOlder(20).catch(() => {});
        break;
      case 6:
        room.typing();
        break;
      case 7:
        room.markRead(Math.floor(this.#next() * (room.lastSeq + 1)));
        break;
      default:
        room.markRead();
    }
  }

  #reopen(open: { room: Room; closedUntil: number | undefined }): void {
    const room = this.#chat.room(open.room.id);
    if (room !== open.room) this.recorder.shown(open.room, false);
    open.room = room;
    open.closedUntil = undefined;
  }

  /** Reloads the page. Unsent messages are restored from the storage and sent with their ids. */
  #reload(): void {
    if (this.#browser.isLoggingIn) return;
    for (const { room } of this.#rooms.values()) this.recorder.shown(room, false);
    this.#close();
    this.#load();
  }

  #close(): void {
    this.#cutting = true;
    this.#chat.close();
    this.#cutting = false;
  }

  /** Loads all older messages of one room after another. */
  #loadOlder(): void {
    const open = [...this.#rooms.values()].find(({ room }) => room.hasOlder);
    if (this.#loading || !open) return;
    this.#loading = true;
    open.room
      .loadOlder(100)
      .catch(() => {})
      .finally(() => {
        this.#loading = false;
      });
  }

  /** Whether the room shows that it is up to date, and has everything that heartbeats named. */
  #isComplete(room: Room): boolean {
    if (!room.receiver || room.error || room.pending.length || room.hasOlder) return false;
    return room.lastSeq >= (this.#newest.get(room.id) ?? 0);
  }
}
