/** ChatChat's client: one session, one connection, and the open rooms. */

import { Connection, type ConnectionState, type Socket } from "./connection.js";
import { ChatError } from "./error.js";
import { checked, type GatewayFrame, type ServerFrame, type ServerFrames } from "./frames.js";
import { type Arguments, type Call, createSend, type Route, USES_COOKIE } from "./http.js";
import { type Keep, Kept } from "./kept.js";
import { Room, type RoomPorts } from "./room.js";
import { type Role, Session, type SessionState, type Tabs } from "./session.js";
import type { Waiting } from "./wait.js";

export type { components, paths } from "./api.js";
export type { ConnectionState, Socket } from "./connection.js";
export { ChatError, type ErrorCode, type ErrorDetails, type FieldError } from "./error.js";
export type { Message, Receiver, RoomPosition, ServerFrame, ServerFrames } from "./frames.js";
export type { Answer, Arguments, Call, Input, Route } from "./http.js";
export type { Keep } from "./kept.js";
export type { PendingMessage } from "./outbox.js";
export type { Room } from "./room.js";
export type { Role, SessionState, Tabs } from "./session.js";
export type { Waiting } from "./wait.js";

/** The options of a chat. */
export interface ChatOptions {
  /** The role of the account. A chat uses only the routes and the cookie of its role. */
  role: Role;
  /**
   * The URL of the HTTP API, by default `/api` on the origin of the page. Outside a browser, pass
   * an absolute URL such as `https://chat.example.com/api`.
   */
  url?: string;
  /** The language of error messages, such as `ko` or `en`; by default that of the browser. */
  language?: string;
  /** Stores unsent messages and drafts, so that they survive a reload. By default, they do not. */
  keep?: Keep;
  /** Replaces the global `fetch`, for example by one that stores cookies. */
  fetch?: typeof fetch;
  /** Replaces the global `WebSocket`. Node 20 has none; pass the one of the package `ws`. */
  WebSocket?: new (
    url: string,
  ) => Socket;
  /**
   * Coordinates chats that share a cookie store. By default, the tabs of a browser use Web Locks
   * and a `BroadcastChannel`, if available, and other programs use nothing.
   */
  tabs?: Tabs;
}

/** The events of a chat, by name. */
export interface ChatEvents extends ServerFrames {
  /** The state of the session or the account has changed, or the account has logged in again. */
  session: SessionState;
  connection: ConnectionState;
  /** Something in a room has changed: its messages, markers, `receiver`, `error` and so on. */
  room: Room;
}

/** A chat of one role. It serves one account at a time. */
export interface Chat {
  readonly role: Role;
  readonly session: SessionState;
  /** The id of the account that is logged in, or whose session has expired. */
  readonly account: number | undefined;
  readonly connection: ConnectionState;
  /** The open rooms and the closed rooms with pending messages, as a new list. */
  readonly rooms: readonly Room[];
  /**
   * Calls a route of the HTTP API, as the account if one is logged in. An expired access token is
   * refreshed first.
   *
   * @example await chat.call("GET /companies", { query: { keyword: "꽃" } }) @throws ChatError if
   * the response is not a success or there is none; the reason of `signal` if it aborts
   */
  readonly call: Call;
  /**
   * Logs in. The rooms of another account that was logged in before are closed.
   *
   * @throws ChatError `login_failed`; `too_many_attempts` with `retryAfter`
   */
  logIn(username: string, password: string, options?: Waiting): Promise<void>;
  /**
   * Continues the session of an earlier login, if its cookie is valid.
   *
   * @returns whether the cookie is valid
   * @throws ChatError if that cannot be determined now, for example `network`
   */
  resume(options?: Waiting): Promise<boolean>;
  /**
   * Logs out in all tabs, closes all rooms, and deletes the account's stored messages and drafts.
   *
   * @throws ChatError if the request failed; the session then continues
   */
  logOut(options?: Waiting): Promise<void>;
  /**
   * Opens the connection and keeps it open until `close`. If it is not known whether the cookie of
   * an earlier login is valid, tries until it is known.
   *
   * @throws TypeError if there is no `WebSocket`
   */
  connect(): void;
  /** Closes the connection and all rooms, and ends all timers. */
  close(): void;
  /** Opens a room. Returns the same object until the room is closed or the account changes. */
  room(id: number): Room;
  /**
   * Listens to an event.
   *
   * @returns a function that removes the listener
   */
  on<E extends keyof ChatEvents>(event: E, listener: (detail: ChatEvents[E]) => void): () => void;
}

/** More than the number of pushes that can arrive between a push and its repeat. */
const MAX_REPORTED = 100;

/** Creates a chat. Nothing is sent before `resume`, `logIn`, `connect`, `call` or `room`. */
export const createChat = (options: ChatOptions): Chat => {
  const { role, WebSocket = globalThis.WebSocket, fetch = globalThis.fetch } = options;
  const base = new URL(options.url ?? "/api", globalThis.location?.href).href.replace(/\/+$/, "");
  const name = `chatchat ${base} ${role}`;
  const events = new EventTarget();
  const rooms = new Map<number, Room>();
  /** The ids of the last messages that were reported, because a push can arrive twice. */
  const reported = new Set<number>();
  const kept = new Kept(options.keep);
  /** The account that rooms and kept contents belong to. */
  let owner: number | undefined;

  const emit = <E extends keyof ChatEvents>(event: E, detail: ChatEvents[E]): void => {
    // If a listener throws, an EventTarget reports the error and calls the other listeners.
    events.dispatchEvent(new CustomEvent(event, { detail }));
  };
  const eachRoom = (act: (room: Room) => void): void => [...rooms.values()].forEach(act);
  const open = (id: number): Room => {
    const room = rooms.get(id) ?? new Room(id, ports);
    rooms.set(id, room);
    return room;
  };

  const send = createSend(base, fetch, options.language);
  const changed = (reset: boolean): void => {
    const { account, state } = session;
    const switched = account !== owner;
    if (switched) {
      if (owner) eachRoom((room) => room.end());
      if (state === "loggedOut") kept.clear();
      owner = account;
      kept.open(account);
      if (account) {
        eachRoom((room) => room.restore());
        kept.rooms.forEach(open);
      }
    }
    if (reset) connection.reset();
    emit("session", state);
    if (!session.token) return;
    eachRoom((room) => room.wake());
    connection.start();
  };
  const tabs = options.tabs ?? browserTabs(name);
  const session: Session = new Session(send, role, name, tabs, changed, () =>
    connection.otherOpens(),
  );

  const call = async <R extends Route>(
    route: R,
    ...input: Arguments<R>
  ): ReturnType<typeof send<R>> => {
    const signal = input[0]?.signal;
    const attempt = () => send(session.token, route, ...input);
    const run = () =>
      USES_COOKIE.test(route) ? session.alone(15_000, signal, attempt) : attempt();
    session.refreshAhead();
    const { token, account } = session;
    let answer: Awaited<ReturnType<typeof run>>;
    try {
      answer = await run();
    } catch (error) {
      if ((error as ChatError).code !== "unauthenticated") throw error;
      await session.refresh(token, signal);
      // The call is not repeated as another account or with the same token.
      if (session.token === token || (account && session.account !== account)) throw error;
      answer = await run();
    }
    // The account was withdrawn.
    if (/^DELETE \S+\/me$/.test(route)) session.end();
    return answer;
  };

  /** Determines whether an account is logged in, if that is not known. */
  const determine = async (signal: AbortSignal | undefined): Promise<void> => {
    if (!session.token) await session.refresh(undefined, signal);
  };

  /** Calls a route that requires a login. If needed, determines first whether there is one. */
  const callLoggedIn = async <R extends Route>(route: R, ...input: Arguments<R>) => {
    await determine(input[0]?.signal);
    if (!session.token)
      throw new ChatError({ code: "unauthenticated", message: "No account is logged in." });
    return call(route, ...input);
  };

  const connection: Connection = new Connection({
    WebSocket,
    ticket: async (signal) => {
      await determine(signal);
      // Before the request, so that the message arrives before the server closes a connection.
      session.opens();
      const ticket = await callLoggedIn("POST /realtime/tickets", { signal });
      const url = new URL(checked(ticket, { url: "" }).url, base);
      url.protocol = url.protocol.replace("http", "ws");
      return url.href;
    },
    mayOpen: () => !!session.token || session.state === "unknown",
    positions: () =>
      [...rooms.values()]
        .filter(({ receiver }) => receiver)
        .map(({ id, lastSeq }) => ({ roomId: id, lastSeq })),
    // Rooms are fetched after the connection is registered, so that no message is missed.
    opened: () => eachRoom((room) => room.resume()),
    lost: () => eachRoom((room) => room.pause()),
    changed: (state) => emit("connection", state),
    received: (frame) => receive(frame),
  });

  const receive = (frame: ServerFrame | GatewayFrame): void => {
    switch (frame.type) {
      case "ack":
        rooms.get(frame.roomId)?.acknowledge(frame);
        break;
      case "message":
        rooms.get(frame.roomId)?.receive(frame.message);
        if (reported.has(frame.message.id)) return;
        reported.add(frame.message.id);
        if (reported.size > MAX_REPORTED) reported.delete(reported.values().next().value!);
        break;
      case "read":
        rooms.get(frame.roomId)?.read(frame);
        break;
      case "typing":
        rooms.get(frame.roomId)?.typed(frame);
        break;
      case "heartbeat":
        for (const { roomId, lastSeq } of frame.rooms) rooms.get(roomId)?.behind(lastSeq);
        break;
      case "error":
        // The session has ended. The request for the next ticket renews it, if possible.
        if (frame.code === "unauthenticated") connection.drop();
        else if (frame.clientMessageId) {
          eachRoom((room) => room.refuse(frame.clientMessageId, new ChatError(frame)));
        }
        break;
      case undefined:
        eachRoom((room) =>
          room.refuse(undefined, new ChatError({ code: "gateway", message: frame.message })),
        );
        return;
    }
    emit(frame.type, frame);
  };

  const ports: RoomPorts = {
    role,
    call: callLoggedIn as Call,
    load: (id) => kept.load(id),
    save: (id, room) => kept.save(id, room),
    send: (frame) => connection.send(frame),
    doubt: () => connection.probe(),
    changed: (room) => emit("room", room),
    ended: (room) => rooms.delete(room.id),
  };

  return {
    role,
    get session() {
      return session.state;
    },
    get account() {
      return session.account;
    },
    get connection() {
      return connection.state;
    },
    get rooms() {
      return [...rooms.values()];
    },
    call,
    logIn: (username, password, { signal } = {}) => session.logIn(username, password, signal),
    resume: ({ signal } = {}) => session.resume(signal),
    logOut: ({ signal } = {}) => session.logOut(signal),
    connect: () => {
      if (!WebSocket) throw new TypeError("There is no global WebSocket; pass one to createChat.");
      connection.open();
    },
    close: () => {
      eachRoom((room) => room.end());
      connection.close();
      session.close();
    },
    room: (id) => {
      const room = open(id);
      room.held = true;
      return room;
    },
    on: (event, listener) => {
      const heard = (happened: Event): void => listener((happened as CustomEvent).detail);
      events.addEventListener(event, heard);
      return () => events.removeEventListener(event, heard);
    },
  };
};

/** The tabs of a browser share cookies. Other programs do not, even if they have Web Locks. */
const browserTabs = (name: string): Tabs => {
  if (typeof document === "undefined") return {};
  const tabs: Tabs = { locks: navigator.locks };
  try {
    tabs.channel = new BroadcastChannel(name);
  } catch {
    // It is missing or denied. Each tab then refreshes its own token.
  }
  return tabs;
};
