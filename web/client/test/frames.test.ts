import { expect, test, vi } from "vitest";
import { inRoom, pass, SECOND, settle, shown, useFakeClock } from "./fake/chat.js";
import { COMPANY, json, later, PATH, pushOf, ROOM, refusal } from "./fake/server.js";

useFakeClock();

const message = {
  id: 5,
  seq: 2,
  senderId: COMPANY,
  type: "general",
  content: "x",
  createdAt: "2026-11-22T09:30:00.123Z",
};
const sender = { name: "새벽빵집", imageUrl: null };
const push = { type: "message", roomId: ROOM, message, sender };
const ack = {
  type: "ack",
  clientMessageId: "a",
  roomId: ROOM,
  id: 5,
  seq: 2,
  senderId: 12,
  createdAt: message.createdAt,
};

const HOSTILE: unknown[] = [
  ...[null, 3, "x", true, [], [null], [[]], {}],
  ...[
    "ack",
    "message",
    "read",
    "typing",
    "heartbeat",
    "error",
    "constructor",
    "__proto__",
    "toString",
  ].map((type) => ({ type })),
  ...[null, 3, [], {}, ["ack"]].map((type) => ({ ...ack, type })),
  ...[null, "31", -1, 1.5, 1e308, [], {}].flatMap((bad) => [
    { ...push, roomId: bad },
    { ...push, message: { ...message, seq: bad } },
    { ...push, message: { ...message, id: bad } },
    { ...push, message: { ...message, senderId: bad } },
    { ...ack, seq: bad },
    { type: "read", roomId: ROOM, readerId: COMPANY, seq: bad },
    { type: "typing", roomId: ROOM, accountId: bad },
    { type: "heartbeat", rooms: [{ roomId: ROOM, lastSeq: bad }] },
  ]),
  ...[null, 3, "x", [], {}].flatMap((bad) => [
    { ...push, message: bad },
    { type: "heartbeat", rooms: bad === null ? null : [bad] },
    { ...push, message: { ...message, content: bad === "x" ? 3 : bad } },
    { ...push, message: { ...message, createdAt: bad === "x" ? 3 : bad } },
    { ...push, sender: bad },
    { ...ack, clientMessageId: bad === "x" ? 3 : bad },
    { type: "error", code: bad === "x" ? 3 : bad, message: "m" },
  ]),
];

test.each(HOSTILE.map((frame) => [JSON.stringify(frame), frame]))(
  "the frame %s is ignored",
  async (text) => {
    const { server, chat, room } = await inRoom();
    const events = vi.fn();
    for (const type of ["ack", "message", "read", "typing", "heartbeat", "error"] as const)
      chat.on(type, events);
    const count = server.requests.length;
    server.socket.arrive(text);
    await pass(2 * SECOND);
    expect(events).not.toHaveBeenCalled();
    expect(chat.connection).toBe("open");
    expect(server.requests).toHaveLength(count);
    server.say("all is well");
    await settle();
    expect(shown(room)).toEqual(["before 1", "all is well"]);
  },
);

test.each([
  ["HTML", "<html>"],
  ["nothing", ""],
  ["half a frame", '{"type":"ack"'],
  ["deep nesting", "[".repeat(200_000)],
  ["a Blob", new Blob(["{}"])],
  ["bytes", new ArrayBuffer(8)],
])("%s instead of a frame is ignored", async (_, data) => {
  const { server, chat, room } = await inRoom();
  server.socket.arrive(data);
  server.say("all is well");
  await settle();
  expect(chat.connection).toBe("open");
  expect(room.messages).toHaveLength(2);
});

test("fields that the contract does not name are ignored", async () => {
  const { server, chat, room } = await inRoom();
  const frames: unknown[] = [];
  chat.on("message", (frame) => frames.push(frame));
  const frame = { ...pushOf(server.keep(COMPANY, "from the future").message), mood: "good" };
  server.socket.deliver(JSON.stringify(frame));
  await settle();
  expect(shown(room)).toEqual(["before 1", "from the future"]);
  expect(frames).toEqual([frame]);
});

const BODIES = [
  null,
  3,
  "x",
  [],
  {},
  { messages: null },
  { messages: [null] },
  { messages: [{ seq: 2 }], lastSeq: 2 },
];

test.each(BODIES.map((body) => [JSON.stringify(body), body]))(
  "a room or a history that is %s is fetched again",
  async (_, body) => {
    const { server, room } = await inRoom();
    let bad = 3;
    server.intercept(({ path }) =>
      path.startsWith(PATH) && bad-- > 0 ? json(200, body) : undefined,
    );
    server.keep(COMPANY, "its push was lost");
    server.say("after it");
    await settle();
    server.socket.drop();
    await pass(15 * SECOND);
    expect(bad).toBeLessThanOrEqual(0);
    expect(room.messages).toEqual(server.messages);
    expect(room.error).toBeUndefined();
  },
);

test.each(["/realtime/tickets", "/customer/token"])(
  "a hostile response of %s is a failure that is retried",
  async (route) => {
    for (const body of [
      null,
      3,
      "x",
      [],
      {},
      { url: 5 },
      { accessToken: 5 },
      { accessToken: "a.b.c", expiresIn: 1800 },
      { url: "http://[" },
    ]) {
      const { server, chat } = await inRoom();
      let bad = 2;
      server.tokens.clear();
      server.intercept(({ path }) => (path === route && bad-- > 0 ? json(201, body) : undefined));
      server.socket.drop();
      await pass(30 * SECOND);
      expect(bad).toBeLessThanOrEqual(0);
      expect(chat.connection).toBe("open");
      expect(chat.session).toBe("loggedIn");
      chat.close();
    }
  },
);

test("a server that reports messages it does not have is not polled quickly", async () => {
  const { server } = await inRoom();
  const count = server.requests.length;
  server.socket.deliver({
    type: "heartbeat",
    rooms: [{ roomId: ROOM, lastSeq: Number.MAX_SAFE_INTEGER }],
  });
  await pass(10 * SECOND);
  expect(server.requests.length - count).toBeLessThan(30);
});

test("older messages with a gap are rejected, and can be asked for again", async () => {
  const { server, room } = await inRoom(60);
  const pages = [[], server.messages.slice(0, 5), server.messages.slice(10, 40).reverse()];
  const mend = server.intercept(({ query }) =>
    query.has("before") ? json(200, { messages: pages[0], lastSeq: 60 }) : undefined,
  );
  while (pages.length) {
    const loading = room.loadOlder(30);
    loading.catch(() => {});
    await settle();
    await expect(loading).rejects.toMatchObject({ code: "gateway" });
    pages.shift();
  }
  mend();
  const loading = room.loadOlder(30);
  await settle();
  expect(await loading).toBe(true);
  expect(room.messages[0]!.seq).toBe(11);
});

test("a listener that throws does not stop the others or the chat", async () => {
  const { server, chat, room } = await inRoom();
  const reported: unknown[] = [];
  const report = (error: unknown): void => void reported.push(error);
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", report);
  try {
    const heard = vi.fn();
    chat.on("message", () => {
      throw new Error("a bug of the page");
    });
    chat.on("message", heard);
    server.say("one");
    await settle();
    await vi.waitFor(() => expect(reported).toHaveLength(1));
    expect(heard).toHaveBeenCalledOnce();
    expect(room.messages).toHaveLength(2);
  } finally {
    process.off("uncaughtException", report);
    for (const other of others) process.on("uncaughtException", other);
  }
});

test("a response that arrives after the room was closed changes nothing", async () => {
  const { server, chat, room } = await inRoom();
  server.intercept(async ({ path }) => (path === PATH ? void (await later(200)) : undefined));
  const changes = vi.fn();
  room.refresh();
  await pass(50);
  room.close();
  chat.on("room", changes);
  server.keep(COMPANY, "too late");
  await pass(SECOND);
  expect(changes).not.toHaveBeenCalled();
  expect(room.messages).toHaveLength(1);
});

test("a room keeps its contents after a temporary error", async () => {
  const { server, room } = await inRoom();
  server.intercept(({ path }) => (path === PATH ? refusal(503, "unavailable") : undefined));
  server.socket.drop();
  await pass(8 * SECOND);
  expect(room.error).toMatchObject({ code: "unavailable", transient: true });
  expect(shown(room)).toEqual(["before 1"]);
});
