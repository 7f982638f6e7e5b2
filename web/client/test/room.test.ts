import { describe, expect, test } from "vitest";
import type { Room } from "../src/index.js";
import {
  chatWith,
  during,
  failure,
  inRoom,
  pass,
  SECOND,
  settle,
  useFakeClock,
} from "./fake/chat.js";
import { COMPANY, FakeServer, json, PATH, ROOM, refusal } from "./fake/server.js";

useFakeClock();

/** The numbers of the messages that a room shows. */
const seqs = (room: Room): number[] => room.messages.map(({ seq }) => seq);
const upTo = (count: number, from = 1): number[] =>
  Array.from({ length: count - from + 1 }, (_, n) => from + n);

describe("a room", () => {
  test("opens with its newest messages, the other side and both markers", async () => {
    const server = new FakeServer();
    for (let n = 1; n <= 45; n++) server.keep(COMPANY, `${n}`);
    Object.assign(server, { readSeq: 40, receiverReadSeq: 44 });
    const room = chatWith(server).room(ROOM);
    expect([room.lastSeq, room.hasOlder, room.receiver]).toEqual([0, false, undefined]);
    await during(room.ready());
    expect(seqs(room)).toEqual(upTo(45, 26));
    expect(room).toMatchObject({ lastSeq: 45, hasOlder: true, readSeq: 40, receiverReadSeq: 44 });
    const receiver = { receiverId: COMPANY, receiverName: "새벽빵집", receiverImageUrl: null };
    expect(room.receiver).toMatchObject({ ...receiver, receiverDeleted: false, blocked: false });
  });

  test("is the same object for the same id, until it is closed", async () => {
    const { chat, room } = await inRoom();
    expect(chat.room(ROOM)).toBe(room);
    expect(chat.rooms).toEqual([room]);
    room.close();
    expect(chat.rooms).toEqual([]);
    expect(room.error).toMatchObject({ code: "closed" });
    expect(chat.room(ROOM)).not.toBe(room);
  });

  test("reports each change, with new lists and the old ones as they were", async () => {
    const { server, chat, room } = await inRoom();
    const changes: unknown[] = [];
    chat.on("room", (changed) => changes.push(changed));
    const before = room.messages;
    server.say("news");
    await settle();
    expect(changes).toContain(room);
    expect(before).toHaveLength(1);
    expect(room.messages).toHaveLength(2);
  });

  test("emits few events for one message", async () => {
    const { server, chat } = await inRoom();
    let reports = 0;
    chat.on("room", () => reports++);
    server.keep(COMPANY, "lost");
    server.say("after it");
    await pass(SECOND);
    expect(reports).toBeLessThanOrEqual(2);
  });

  test("of another account has an error and is not fetched again", async () => {
    const server = new FakeServer();
    const chat = chatWith(server);
    const room = chat.room(404);
    expect(await failure(room.ready())).toMatchObject({ code: "room_not_found" });
    expect(room.error).toMatchObject({ code: "room_not_found" });
    const count = server.requests.length;
    chat.connect();
    await pass(60 * SECOND);
    expect(chat.room(404)).toBe(room);
    expect(server.requests.slice(count).filter(({ path }) => path.endsWith("404"))).toEqual([]);
  });

  test("that has failed can be refreshed", async () => {
    const server = new FakeServer();
    server.keep(COMPANY, "hello");
    const mend = server.intercept(({ path }) =>
      path === PATH ? refusal(404, "room_not_found") : undefined,
    );
    const chat = chatWith(server);
    chat.connect();
    const room = chat.room(ROOM);
    await pass(SECOND);
    room.send("typed");
    expect(room.pending).toMatchObject([{ state: "failed" }]);
    mend();
    room.refresh();
    await during(room.ready());
    expect([room.error, seqs(room)]).toEqual([undefined, [1]]);
    room.retry(room.pending[0]!.clientMessageId);
    await settle();
    expect(room.messages).toEqual(server.messages);
    expect(room.messages).toHaveLength(2);
  });

  test("reports why it is not open, and opens later", async () => {
    const server = new FakeServer();
    server.keep(COMPANY, "hello");
    const answers = [
      new TypeError("fetch failed"),
      refusal(503, "unavailable", { "retry-after": "20" }),
      json(500, { message: "Internal Server Error" }),
    ];
    server.intercept(({ path }) => (path === PATH ? answers.shift() : undefined));
    const room = chatWith(server).room(ROOM);
    await pass(10 * SECOND);
    expect(room.error).toMatchObject({ code: "unavailable", transient: true, retryAfter: 20 });
    await pass(9 * SECOND);
    expect(server.calls(`GET ${PATH}`)).toBe(2);
    await pass(20 * SECOND);
    expect([room.error, seqs(room)]).toEqual([undefined, [1]]);
  });

  test("obeys Retry-After, whatever happens meanwhile", async () => {
    const { server, room } = await inRoom();
    let busy = 1;
    server.intercept(({ path }) =>
      path === PATH && busy-- > 0
        ? refusal(429, "too_many_requests", { "retry-after": "40" })
        : undefined,
    );
    const count = server.calls(`GET ${PATH}`);
    room.refresh();
    await pass(SECOND);
    for (let n = 0; n < 35; n++) {
      room.refresh();
      if (n % 10 === 0) server.socket.drop();
      await pass(SECOND);
    }
    expect(server.calls(`GET ${PATH}`)).toBe(count + 1);
    await pass(6 * SECOND);
    expect(server.calls(`GET ${PATH}`)).toBe(count + 2);
  });

  test("waits for a login, and opens then", async () => {
    const server = new FakeServer();
    server.keep(COMPANY, "hello");
    server.cookies.clear();
    const chat = chatWith(server);
    const room = chat.room(ROOM);
    await pass(60 * SECOND);
    expect(room.error).toBeUndefined();
    await during(chat.logIn("haneul01", "sky-2026x"));
    expect(seqs(room)).toEqual([1]);
  });

  test("is waited for 30 seconds at most, and not after the signal", async () => {
    const server = new FakeServer();
    server.intercept(() => new Promise<never>(() => {}));
    const room = chatWith(server).room(ROOM);
    const ending = new AbortController();
    const ended = room.ready({ signal: ending.signal });
    ended.catch(() => {});
    ending.abort(new Error("not wanted any more"));
    await expect(ended).rejects.toThrow("not wanted any more");
    expect(await failure(room.ready(), 30 * SECOND)).toMatchObject({ code: "network" });
  });

  test("is closed by a logout", async () => {
    const { chat, room } = await inRoom();
    await during(chat.logOut());
    expect(room.error).toMatchObject({ code: "closed" });
  });

  test("shows after a reconnect that the other side has withdrawn", async () => {
    const { server, room } = await inRoom();
    server.receiverDeleted = true;
    server.socket.drop();
    await pass(6 * SECOND);
    expect(room.receiver).toMatchObject({ receiverDeleted: true });
  });
});
