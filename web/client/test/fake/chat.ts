/** A chat with the server in memory, on a clock that the test moves. */

import { afterEach, beforeEach, vi } from "vitest";
import {
  type Chat,
  type ChatOptions,
  type ConnectionState,
  createChat,
  type Keep,
  type Room,
  type SessionState,
} from "../../src/index.js";
import { COMPANY, FakeServer, ROOM } from "./server.js";

export const URL_OF_API = "https://chat.test/api";
/** The lock that the customers' tabs share. */
export const LOCK = `chatchat ${URL_OF_API} customer`;

/** Moves the clock and runs everything that is due until then. */
export const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

/** Waits until everything in transit has arrived. */
export const settle = (): Promise<unknown> => pass(100);

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;

const chats: Chat[] = [];

/** Each test has its own clock, and its chats are closed after it. */
export const useFakeClock = (): void => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    for (const chat of chats.splice(0)) chat.close();
    vi.useRealTimers();
  });
};

export const chatWith = (server: FakeServer, options: Partial<ChatOptions> = {}): Chat => {
  const { fetch, WebSocket } = server;
  const chat = createChat({ url: URL_OF_API, role: "customer", fetch, WebSocket, ...options });
  chats.push(chat);
  return chat;
};

/** Moves the clock until a promise settles, and returns its result. */
export const during = async <T>(promise: Promise<T>, ms = 1 * SECOND): Promise<T> => {
  promise.catch(() => {}); // It is handled below, and must not count as unhandled until then.
  await pass(ms);
  return promise;
};

/** Returns the error of a promise that must fail. */
export const failure = async (promise: Promise<unknown>, ms?: number): Promise<unknown> =>
  during(
    promise.then(
      () => Promise.reject(new Error("it did not fail")),
      (error: unknown) => error,
    ),
    ms,
  );

/** A connected customer, with the states of the connection and the times of later attempts. */
export const connected = async (options: Partial<ChatOptions> = {}) => {
  const server = new FakeServer();
  const chat = chatWith(server, options);
  const states: ConnectionState[] = [];
  chat.on("connection", (state) => states.push(state));
  chat.connect();
  await settle();
  const attempts: number[] = [];
  server.intercept(({ path }) => {
    if (path === "/realtime/tickets") attempts.push(performance.now());
    return undefined;
  });
  return { server, chat, states, attempts };
};

/** A customer who is logged in and connected, with the room open and this many messages in it. */
export const inRoom = async (
  count = 1,
  options: Partial<ChatOptions> = {},
): Promise<{ server: FakeServer; chat: Chat; room: Room }> => {
  const server = new FakeServer();
  for (let n = 1; n <= count; n++) server.keep(COMPANY, `before ${n}`);
  const chat = chatWith(server, options);
  chat.connect();
  const room = chat.room(ROOM);
  await settle();
  await room.ready();
  return { server, chat, room };
};

/** The states of the session from now on. */
export const watched = (chat: Chat): SessionState[] => {
  const states: SessionState[] = [];
  chat.on("session", (state) => states.push(state));
  return states;
};

/** Returns the contents of a room, from top to bottom. */
export const shown = (room: Room): string[] =>
  [...room.messages, ...room.pending].map(({ content }) => content);

/** A storage in memory that tabs and reloads share. */
export const storage = (): Keep & { texts: Map<string, string> } => {
  const texts = new Map<string, string>();
  return {
    texts,
    load: (key) => texts.get(key),
    save: (key, text) => void (text === null ? texts.delete(key) : texts.set(key, text)),
  };
};
