/** Different accounts log in to one browser, one after the other. */

import { describe, expect, test, vi } from "vitest";
import type { Chat, Room } from "../src/index.js";
import {
  chatWith,
  during,
  failure,
  inRoom,
  pass,
  SECOND,
  settle,
  shown,
  storage,
  useFakeClock,
} from "./fake/chat.js";
import {
  COMPANY,
  CUSTOMER,
  FakeServer,
  later,
  OTHER_CUSTOMER,
  PATH,
  pushOf,
  ROOM,
} from "./fake/server.js";
import { FakeBrowser } from "./fake/tabs.js";

useFakeClock();

const FIRST = ["haneul01", "sky-2026x"] as const;
const OTHER = ["badabada", "sky-2026x"] as const;

/** The ways in which another account replaces the first one. */
const switches: Record<string, (chat: Chat, server: FakeServer) => Promise<unknown>> = {
  "logs in": (chat) => during(chat.logIn(...OTHER)),
  "logs in after a logout": async (chat) => {
    await during(chat.logOut());
    await during(chat.logIn(...OTHER));
  },
  "logs in after the session expired": async (chat, server) => {
    server.expire();
    await failure(chat.call("GET /customers/me"));
    await during(chat.logIn(...OTHER));
  },
  "has logged in where this tab did not hear of it": async (chat, server) => {
    server.expire();
    server.cookies.set("customer", OTHER_CUSTOMER);
    await during(chat.call("GET /customers/me").catch(() => {}));
  },
};

describe.each(Object.entries(switches))("another account %s", (_, change) => {
  test("and finds nothing of the first one in the room", async () => {
    const { server, chat, room } = await inRoom(3);
    room.draft = "a draft";
    server.socket.dead = true;
    room.send("unsent");
    await change(chat, server);
    expect(chat.account).toBe(OTHER_CUSTOMER);
    expect(room.error).toMatchObject({ code: "closed" });
    const again = chat.room(ROOM);
    expect(again).not.toBe(room);
    expect([again.messages, again.pending, again.draft, again.receiver]).toEqual([
      [],
      [],
      "",
      undefined,
    ]);
    await pass(10 * SECOND);
    expect(again.error).toMatchObject({ code: "room_not_found" });
    expect([again.messages, again.pending]).toEqual([[], []]);
    expect(server.messages.map(({ content }) => content)).not.toContain("unsent");
  });

  test("and the first one finds the room as before when it returns", async () => {
    const { server, chat } = await inRoom(3);
    await change(chat, server);
    chat.room(ROOM);
    await pass(2 * SECOND);
    await during(chat.logIn(...FIRST));
    const room = chat.room(ROOM);
    await pass(2 * SECOND);
    expect(room.error).toBeUndefined();
    expect(room.messages).toEqual(server.messages);
    room.send("hello again");
    server.say("welcome back");
    await pass(2 * SECOND);
    expect(room.messages).toEqual(server.messages);
    expect(room.messages).toHaveLength(5);
    expect(chat.connection).toBe("open");
  });

  test("and nothing of the first one arrives any more", async () => {
    const { server, chat, room } = await inRoom(3);
    const first = server.socket;
    const slow = room.loadOlder();
    slow.catch(() => {});
    await change(chat, server);
    const events: unknown[] = [];
    for (const type of ["message", "ack", "read", "typing", "heartbeat", "error"] as const) {
      chat.on(type, (frame) => events.push(frame));
    }
    chat.on("room", (changed) => events.push(changed));
    first.arriveLate(JSON.stringify(pushOf(server.keep(COMPANY, "for the first account").message)));
    await settle();
    expect(events).toEqual([]);
    expect(server.open.map(({ account }) => account)).toEqual([OTHER_CUSTOMER]);
  });
});

test("a call is not repeated as another account", async () => {
  const { server, chat } = await inRoom();
  server.expire();
  server.cookies.set("customer", OTHER_CUSTOMER);
  server.requests.length = 0;
  const error = await failure(chat.call("PATCH /customers/me", { body: { name: "김하늘" } }));
  expect(error).toMatchObject({ code: "unauthenticated" });
  expect(server.calls("PATCH /customers/me")).toBe(1);
  expect(chat.account).toBe(OTHER_CUSTOMER);
});

test("a response for the first account does not reach the other's room", async () => {
  const { server, chat, room } = await inRoom(3);
  server.intercept(async ({ path }) => (path === PATH ? void (await later(300)) : undefined));
  room.refresh();
  await pass(100);
  await during(chat.logIn(...OTHER));
  await pass(2 * SECOND);
  expect(chat.room(ROOM).messages).toEqual([]);
});

test("the session event comes after the rooms were closed", async () => {
  const { chat, room } = await inRoom();
  const seen: unknown[] = [];
  chat.on("session", (state) =>
    seen.push([state, chat.account, chat.rooms.length, room.error?.code]),
  );
  await during(chat.logIn(...OTHER));
  expect(seen).toEqual([["loggedIn", OTHER_CUSTOMER, 0, "closed"]]);
});

test("listeners and the connection serve the next account", async () => {
  const { server, chat } = await inRoom();
  const messages: unknown[] = [];
  chat.on("message", (frame) => messages.push(frame));
  await during(chat.logIn(...OTHER));
  await during(chat.logIn(...FIRST));
  server.say("to the first account");
  await settle();
  expect(messages).toHaveLength(1);
  expect(server.open).toHaveLength(1);
});

test("the other tabs switch to another account too", async () => {
  const shared = new FakeBrowser();
  const server = new FakeServer();
  server.keep(COMPANY, "hello");
  const [a, b] = [
    chatWith(server, { tabs: shared.tab() }),
    chatWith(server, { tabs: shared.tab() }),
  ];
  for (const chat of [a, b]) chat.connect();
  const room = b.room(ROOM);
  await pass(SECOND);
  expect(shown(room)).toEqual(["hello"]);
  await during(a.logIn(...OTHER));
  expect([b.account, b.session, room.error?.code]).toEqual([OTHER_CUSTOMER, "loggedIn", "closed"]);
  expect(server.open.map(({ account }) => account)).toEqual([OTHER_CUSTOMER, OTHER_CUSTOMER]);
});

describe("an expired session", () => {
  const expired = async () => {
    const keep = storage();
    const { server, chat, room } = await inRoom(1, { keep });
    server.expire();
    server.socket.deliver({
      type: "error",
      code: "unauthenticated",
      message: "로그인이 필요해요.",
      requestId: "r1",
    });
    await pass(10 * SECOND);
    return { keep, server, chat, room };
  };

  test("keeps messages, drafts and unsent messages on the screen", async () => {
    const { chat, room } = await expired();
    room.draft = "a draft";
    room.send("typed after the end");
    await pass(60 * SECOND);
    expect([chat.session, chat.account, chat.connection]).toEqual(["expired", CUSTOMER, "closed"]);
    expect(room.error).toBeUndefined();
    expect(shown(room)).toEqual(["before 1", "typed after the end"]);
    expect(room.pending).toMatchObject([{ state: "sending" }]);
    expect(room.draft).toBe("a draft");
  });

  test("continues when the same account logs in again", async () => {
    const { server, chat, room } = await expired();
    room.send("typed after the end");
    server.keep(COMPANY, "meanwhile");
    await during(chat.logIn(...FIRST), 2 * SECOND);
    expect(chat.room(ROOM)).toBe(room);
    expect(shown(room)).toEqual(["before 1", "meanwhile", "typed after the end"]);
    expect(room.pending).toEqual([]);
  });

  test("is kept for its account while another one is logged in", async () => {
    const { server, chat, room } = await expired();
    room.draft = "a draft";
    room.send("typed after the end");
    await during(chat.logIn(...OTHER));
    expect([chat.rooms, chat.room(ROOM).draft]).toEqual([[], ""]);
    await during(chat.logIn(...FIRST), 2 * SECOND);
    const again = chat.room(ROOM);
    await settle();
    expect(again.draft).toBe("a draft");
    expect(shown(again)).toEqual(["before 1", "typed after the end"]);
    expect(server.messages).toHaveLength(2);
  });
});

test("a logout deletes the account's stored messages and drafts", async () => {
  const keep = storage();
  const { server, chat, room } = await inRoom(1, { keep });
  server.socket.dead = true;
  room.draft = "a draft";
  room.send("unsent");
  expect([...keep.texts.keys()]).toEqual([`chatchat.unsent.${CUSTOMER}`]);
  await during(chat.logOut());
  expect(keep.texts.size).toBe(0);
  await during(chat.logIn(...FIRST), 10 * SECOND);
  expect(chat.rooms).toEqual([]);
  expect(server.messages).toHaveLength(1);
});

test("a room opened before the login belongs to the next account", async () => {
  const server = new FakeServer();
  server.cookies.clear();
  server.keep(COMPANY, "hello");
  const chat = chatWith(server);
  chat.connect();
  const room: Room = chat.room(ROOM);
  const changes = vi.fn();
  chat.on("session", changes);
  room.send("typed early");
  await pass(10 * SECOND);
  expect(chat.session).toBe("loggedOut");
  await during(chat.logIn(...FIRST), 2 * SECOND);
  expect(chat.room(ROOM)).toBe(room);
  expect(shown(room)).toEqual(["hello", "typed early"]);
  expect(room.pending).toEqual([]);
});
