/** ChatChat's client: one session, one connection, and the rooms that are open. */

import { Connection, type ConnectionState, type Socket } from "./connection.js";
import { ChatError } from "./error.js";
import type { GatewayFrame, ServerFrame, ServerFrames } from "./frames.js";
import { createSend, type Call, type Route, type Arguments } from "./http.js";
import { Room, type RoomPorts } from "./room.js";
import { Session, type Role, type SessionChange, type Tabs } from "./session.js";

export type { components, paths } from "./api.js";
export type { ConnectionState, Socket } from "./connection.js";
export { ChatError, type ErrorCode, type ErrorDetails, type FieldError } from "./error.js";
export type { Message, RoomPosition, ServerFrame, ServerFrames } from "./frames.js";
export type { Answer, Arguments, Call, Input, Route } from "./http.js";
export type { PendingMessage } from "./outbox.js";
export type { Receiver, Room } from "./room.js";
export type { Role, SessionChange, Tabs } from "./session.js";

/** Where and for whom. */
export interface ChatOptions {
  /** The HTTP API, such as `https://api.chat.example.com`. */
  url: string;
  /** Whom this chat is for: the routes and rooms of customers, or of companies. */
  role: Role;
  /** For errors' `message`, as in `Accept-Language`, such as `ko` or `en`; by default what the browser is set to. */
  language?: string;
  /** Instead of the global one, such as one that keeps cookies outside of browsers. */
  fetch?: typeof fetch;
  /** Instead of the global one, which Node has from 22 on; for Node 20 that of the package `ws`. */
  WebSocket?: new (url: string) => Socket;
  /**
   * How the programs that share a cookie store agree on their session: by default the tabs of a browser by Web Locks and a `BroadcastChannel`,
   * where it has them, and nobody outside of browsers.
   */
  tabs?: Tabs;
}

/** What happens, by its name. */
export interface ChatEvents extends ServerFrames {
  /** Somebody logged in or out. */
  session: SessionChange;
  /** The connection was opened or lost. */
  connection: ConnectionState;
  /** Something in a room is new: messages, pending ones, markers, `receiver` or `error`. */
  room: Room;
}

/** ChatChat, for one account. */
export interface Chat {
  /** Whether somebody is logged in; undefined as long as nobody asked the server. */
  readonly loggedIn: boolean | undefined;
  /** Whether events come at the moment. */
  readonly connection: ConnectionState;
  /**
   * Calls a route of the HTTP API, logged in where somebody is; an access token that has ended is refreshed first.
   * `logIn` and `logOut` are to be used instead of their routes, which would not tell the rest of the chat.
   *
   * @example await chat.call("GET /companies", { query: { keyword: "꽃" } })
   * @throws ChatError for every answer that is not a success, and where none comes
   */
  readonly call: Call;
  /**
   * Logs in, and connects again as the new account where `connect` was called before.
   *
   * @throws ChatError `login_failed`; `too_many_attempts` with `retryAfter`
   */
  logIn(username: string, password: string): Promise<void>;
  /**
   * Logs in by the refresh cookie of an earlier login, such as when a page is loaded.
   *
   * @returns whether that worked; if not, somebody has to log in
   * @throws ChatError where it cannot be known now, such as `network`
   */
  resume(): Promise<boolean>;
  /**
   * Ends the session, in all tabs, and closes all rooms.
   *
   * @throws ChatError where the server does not do it; then the session goes on
   */
  logOut(): Promise<void>;
  /**
   * Opens the connection, and keeps it open until `close`: events come, and messages go. While nobody is logged in, it waits.
   *
   * @throws TypeError in Node 20 where `createChat` was given no `WebSocket`
   */
  connect(): void;
  /** Ends everything: the connection, all rooms, and every timer. */
  close(): void;
  /** A room, from now on open until its `close`. The same room for the same id. */
  room(id: number): Room;
  /**
   * Listens to an event.
   *
   * @returns a function that ends it
   */
  on<E extends keyof ChatEvents>(event: E, listener: (detail: ChatEvents[E]) => void): () => void;
}

/** Makes a chat. It does nothing yet: `resume` or `logIn`, then `connect`. */
export const createChat = (options: ChatOptions): Chat => {
  const { url, role, WebSocket = globalThis.WebSocket } = options;
  const name = `chatchat ${url}`;
  const events = new EventTarget();
  const rooms = new Map<number, Room>();

  const emit = <E extends keyof ChatEvents>(event: E, detail: ChatEvents[E]): void => {
    // An EventTarget reports what a listener throws, and goes on.
    events.dispatchEvent(new CustomEvent(event, { detail }));
  };
  const eachRoom = (act: (room: Room) => void): void => [...rooms.values()].forEach(act);

  const send = createSend(options);
  const session = new Session(send, role, name, options.tabs ?? browserTabs(name), (change) => {
    if (change === "loggedOut") eachRoom((room) => room.close());
    // A connection belongs to the session that asked for its ticket.
    if (change !== "resumed") connection.reset();
    emit("session", change);
    connection.wake();
  });

  const call = async <R extends Route>(route: R, ...input: Arguments<R>) => {
    await session.refreshAhead();
    const { token } = session;
    try {
      return await send(token, route, ...input);
    } catch (error) {
      if ((error as ChatError).code !== "unauthenticated") throw error;
      await session.refresh(token);
      if (!session.token) throw error;
      return send(session.token, route, ...input);
    }
  };

  const connection: Connection = new Connection({
    WebSocket,
    ticket: async (signal) => (await call("POST /realtime/tickets", { signal })).url,
    mayOpen: () => session.loggedIn !== false,
    positions: () =>
      [...rooms.values()].filter((room) => room.receiver).map(({ id, lastSeq }) => ({ roomId: id, lastSeq })),
    // Registered first, then fetched: nothing falls between.
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
        break;
      case "read":
        rooms.get(frame.roomId)?.read(frame);
        break;
      case "heartbeat":
        for (const { roomId, lastSeq } of frame.rooms) rooms.get(roomId)?.behind(lastSeq);
        break;
      case "error":
        // Its session has ended. Asking for the next ticket finds whether there is another one.
        if (frame.code === "unauthenticated") connection.drop();
        else if (frame.clientMessageId) eachRoom((room) => room.refuse(frame.clientMessageId, new ChatError(frame)));
        break;
      case undefined:
        eachRoom((room) => room.refuse(undefined, new ChatError({ code: "gateway", message: frame.message })));
        return;
    }
    emit(frame.type, frame);
  };

  const ports: RoomPorts = {
    role,
    call,
    send: (frame) => connection.send(frame),
    doubt: () => connection.probe(),
    changed: (room) => emit("room", room),
    closed: (room) => rooms.delete(room.id),
  };

  return {
    get loggedIn() {
      return session.loggedIn;
    },
    get connection() {
      return connection.state;
    },
    call,
    logIn: (username, password) => session.logIn(username, password),
    resume: () => session.resume(),
    logOut: () => session.logOut(),
    connect: () => {
      if (!WebSocket) throw new TypeError("There is no WebSocket here; give one to createChat.");
      connection.open();
    },
    close: () => {
      connection.close();
      session.close();
      eachRoom((room) => room.close());
    },
    room: (id) => {
      const room = rooms.get(id) ?? new Room(id, ports);
      rooms.set(id, room);
      return room;
    },
    on: (event, listener) => {
      const heard = (happened: Event): void => listener((happened as CustomEvent).detail);
      events.addEventListener(event, heard);
      return () => events.removeEventListener(event, heard);
    },
  };
};

/** The tabs of a browser share its cookies. Other programs have their own, even where they have locks and channels. */
const browserTabs = (name: string): Tabs =>
  typeof document === "undefined"
    ? {}
    : {
        locks: navigator.locks,
        channel: typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel(name),
      };
