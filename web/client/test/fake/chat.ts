/** A chat with the server in memory, on a clock that the test moves. */

import { afterEach, beforeEach, vi } from "vitest";
import { createChat, type Chat, type ChatOptions, type Room } from "../../src/index.js";
import { COMPANY, FakeServer, ROOM } from "./server.js";

export const URL_OF_API = "https://api.chat.test";

/** Moves the clock, and lets all happen that was due until then. */
export const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

/** Lets what is on its way arrive. */
export const settle = (): Promise<unknown> => pass(100);

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;

const chats: Chat[] = [];

/** Each test has its own clock, and closes what it opened. */
export const useFakeClock = (): void => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    for (const chat of chats.splice(0)) chat.close();
    vi.useRealTimers();
  });
};

export const chatWith = (server: FakeServer, options: Partial<ChatOptions> = {}): Chat => {
  const chat = createChat({ url: URL_OF_API, role: "customer", fetch: server.fetch, WebSocket: server.WebSocket, ...options });
  chats.push(chat);
  return chat;
};

/** The answer of something that needs the clock to move. */
export const during = async <T>(promise: Promise<T>, ms = 1 * SECOND): Promise<T> => {
  promise.catch(() => {}); // It is handled below; it must not count as unhandled until then.
  await pass(ms);
  return promise;
};

/** The failure of something that has to fail. */
export const failure = async (promise: Promise<unknown>, ms?: number): Promise<unknown> =>
  during(promise.then(() => Promise.reject(new Error("it did not fail")), (error: unknown) => error), ms);

/** Somebody logged in and connected, with the room open and this many messages of the company in it. */
export const inRoom = async (count = 1): Promise<{ server: FakeServer; chat: Chat; room: Room }> => {
  const server = new FakeServer();
  for (let n = 1; n <= count; n++) server.keep(COMPANY, `before ${n}`);
  const chat = chatWith(server);
  chat.connect();
  const room = chat.room(ROOM);
  await settle();
  await room.ready;
  return { server, chat, room };
};

/** What a room shows, from top to bottom. */
export const shown = (room: Room): string[] => [...room.messages, ...room.pending].map(({ content }) => content);
