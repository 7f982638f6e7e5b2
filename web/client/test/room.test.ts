import { describe, expect, test, vi } from "vitest";
import type { Room } from "../src/index.js";
import { chatWith, during, failure, inRoom, pass, SECOND, settle, useFakeClock } from "./fake/chat.js";
import { COMPANY, CUSTOMER, FakeServer, json, LATENCY_MS, PATH, pushOf, refusal, ROOM } from "./fake/server.js";

useFakeClock();

/** The numbers of the messages that a room shows. */
const seqs = (room: Room): number[] => room.messages.map(({ seq }) => seq);
const upTo = (count: number, from = 1): number[] => Array.from({ length: count - from + 1 }, (_, n) => from + n);

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

  test("that is not the caller's has an error, and is not requested again by itself", async () => {
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
    const mend = server.intercept(({ path }) => (path === PATH ? refusal(404, "room_not_found") : undefined));
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

  test("opens in the end when the server fails at first, and reports why it is not open", async () => {
    const server = new FakeServer();
    server.keep(COMPANY, "hello");
    const answers = [new TypeError("fetch failed"), refusal(503, "unavailable", { "retry-after": "20" }), json(500, { message: "Internal Server Error" })];
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
    server.intercept(({ path }) => (path === PATH && busy-- > 0 ? refusal(429, "too_many_requests", { "retry-after": "40" }) : undefined));
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

describe("pushes", () => {
  test("that are out of order are shown in order, without a fetch", async () => {
    const { server, room } = await inRoom();
    const [two, three, four] = ["two", "three", "four"].map((content) => server.keep(COMPANY, content).message);
    const count = server.requests.length;
    server.socket.deliver(pushOf(four!));
    server.socket.deliver(pushOf(three!));
    await settle();
    expect(seqs(room)).toEqual([1]);
    server.socket.deliver(pushOf(two!));
    await pass(SECOND);
    expect(seqs(room)).toEqual([1, 2, 3, 4]);
    expect(server.requests).toHaveLength(count);
  });

  test("that come twice are shown once, and reported once", async () => {
    const { server, chat, room } = await inRoom();
    const reported: number[] = [];
    chat.on("message", ({ message }) => reported.push(message.seq));
    for (let n = 0; n < 300; n++) {
      server.socket.deliver(pushOf(server.say(`${n}`)));
      await pass(10);
    }
    await pass(SECOND);
    expect(room.messages).toEqual(server.messages);
    expect(reported).toEqual(upTo(301, 2));
  });

  test("of a call's response can be given to the room", async () => {
    const { server, room } = await inRoom();
    server.socket.dead = true;
    const [question, answer] = [server.keep(CUSTOMER, "되나요?").message, server.keep(COMPANY, "네.").message];
    room.receive(question, answer);
    expect(room.messages).toEqual(server.messages);
  });

  test("of which one is lost are completed by a fetch, and shown only then", async () => {
    const { server, room } = await inRoom();
    server.keep(COMPANY, "lost");
    server.say("after it");
    await settle();
    expect(seqs(room)).toEqual([1]);
    await pass(SECOND);
    expect(room.messages).toEqual(server.messages);
    const { path, query } = server.requests.at(-1)!;
    expect([path, ...query]).toEqual([`${PATH}/messages`, ["after", "1"], ["limit", "100"]]);
  });

  test("of which hundreds are lost are fetched page by page, one fetch at a time", async () => {
    const { server, room } = await inRoom();
    for (let n = 0; n < 350; n++) server.keep(COMPANY, "lost");
    let [fetching, most] = [0, 0];
    server.intercept(async () => {
      most = Math.max(most, ++fetching);
      await new Promise((resolve) => setTimeout(resolve, 50));
      fetching--;
      return undefined;
    });
    server.say("352nd");
    for (let n = 0; n < 5; n++) await pass(120), server.say(`${353 + n}th`);
    await pass(5 * SECOND);
    expect(room.messages).toEqual(server.messages);
    expect(most).toBe(1);
    expect(server.calls(`GET ${PATH}/messages`)).toBe(4);
  });

  test("that are lost at the end are found by the heartbeat", async () => {
    const { server, room } = await inRoom();
    server.keep(COMPANY, "its push is lost");
    await pass(5 * 60 * SECOND);
    expect(room.messages).toEqual(server.messages);
  });

  test("that come before the room is loaded are not lost", async () => {
    const server = new FakeServer();
    server.keep(COMPANY, "hello");
    const chat = chatWith(server);
    chat.connect();
    await settle();
    const room = chat.room(ROOM);
    await pass(LATENCY_MS + 1); // The response is on its way.
    server.socket.arrive(JSON.stringify(pushOf(server.keep(COMPANY, "overtakes it").message)));
    server.socket.arrive(JSON.stringify({ type: "read", roomId: ROOM, readerId: COMPANY, seq: 2 }));
    server.receiverReadSeq = 2;
    await pass(SECOND);
    expect(room.messages).toEqual(server.messages);
    expect(room.receiverReadSeq).toBe(2);
  });

  test("for any room are reported, with their sender", async () => {
    const { server, chat, room } = await inRoom();
    const frames: unknown[] = [];
    chat.on("message", (frame) => frames.push(frame));
    const frame = pushOf(server.messages[0]!, 99);
    server.socket.deliver(frame);
    await settle();
    expect(frames).toEqual([frame]);
    expect(frame.sender).toEqual({ name: "새벽빵집", imageUrl: null });
    expect(seqs(room)).toEqual([1]);
  });

  test("of one's own messages are shown, and a pending one is found by its id", async () => {
    const { server, room } = await inRoom();
    const elsewhere = server.keep(CUSTOMER, "typed in another tab", crypto.randomUUID()).message;
    server.socket.deliver(pushOf(elsewhere));
    await settle();
    server.socket.handles = ({ action }) => action === "sendMessage";
    const { clientMessageId } = room.send("sent over the connection before this one");
    server.socket.deliver(pushOf(server.keep(CUSTOMER, "sent over the connection before this one", clientMessageId).message));
    await settle();
    expect(room.messages).toEqual(server.messages);
    expect(room.pending).toEqual([]);
    server.socket.handles = () => false;
    room.send("goes on at once");
    await settle();
    expect(room.messages).toEqual(server.messages);
    expect(room.messages).toHaveLength(4);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])("shuffled, doubled and lost (seed %d) end in the server's order", async (seed) => {
    const random = () => ((seed = (seed * 48_271) % 2_147_483_647), seed / 2_147_483_647);
    const { server, room } = await inRoom();
    for (let n = 0; n < 60; n++) {
      if (random() < 0.3) room.send(`mine ${n}`);
      const frame = pushOf(server.keep(COMPANY, `${n}`).message);
      const { socket } = server;
      for (let copy = 0; copy < Math.floor(random() * 3); copy++) {
        setTimeout(() => socket.deliver(frame), random() * 400);
      }
      if (random() < 0.05) server.socket.drop();
      await pass(random() * 100);
    }
    await pass(6 * 60 * SECOND);
    expect(room.messages).toEqual(server.messages);
    expect(room.pending).toEqual([]);
  });
});

describe("catching up", () => {
  test("goes on after the network failed in it", async () => {
    const { server, room } = await inRoom();
    let failures = 3;
    server.intercept(({ path }) => (path.endsWith("/messages") && failures-- > 0 ? new TypeError("fetch failed") : undefined));
    server.keep(COMPANY, "lost");
    server.say("after it");
    await pass(10 * SECOND);
    expect(room.messages).toEqual(server.messages);
    expect(room.error).toBeUndefined();
  });

  test("goes on after the server restarted in it", async () => {
    const { server, room } = await inRoom();
    for (let n = 0; n < 250; n++) server.keep(COMPANY, "lost");
    let drops = 2;
    server.intercept(({ path }) => {
      if (!path.endsWith("/messages") || drops-- <= 0) return undefined;
      server.socket.drop();
      return new TypeError("fetch failed");
    });
    server.say("after them");
    await pass(15 * SECOND);
    expect(drops).toBeLessThanOrEqual(0);
    expect(room.messages).toEqual(server.messages);
  });

  test("is not delayed by its pauses when the connection returns", async () => {
    const { server, room } = await inRoom();
    const mend = server.intercept(() => new TypeError("fetch failed"));
    server.keep(COMPANY, "lost");
    server.say("after it");
    await pass(200 * SECOND); // The pauses are long by now.
    mend();
    server.socket.drop();
    await pass(6 * SECOND);
    expect(room.messages).toEqual(server.messages);
  });

  test("takes an absence of 5,000 messages", async () => {
    const { server, room } = await inRoom();
    server.socket.drop();
    for (let n = 0; n < 5_000; n++) server.keep(COMPANY, "while away");
    await pass(15 * SECOND);
    expect(room.messages).toEqual(server.messages);
  });
});

describe("older messages", () => {
  test("are put before the others, page by page, down to the first", async () => {
    const { server, room } = await inRoom(75);
    expect(await during(room.loadOlder(30))).toBe(true);
    expect(seqs(room)).toEqual(upTo(75, 26));
    expect(await during(room.loadOlder())).toBe(false);
    expect(room.messages).toEqual(server.messages);
    const count = server.requests.length;
    expect(await during(room.loadOlder())).toBe(false);
    expect(server.requests).toHaveLength(count);
  });

  test("are there once, even if two calls at once request them", async () => {
    const { room } = await inRoom(75);
    await during(Promise.all([room.loadOlder(30), room.loadOlder(30)]));
    expect(seqs(room)).toEqual(upTo(75, 26));
  });

  test("can be requested again after a failure, or after their signal", async () => {
    const { server, room } = await inRoom(30);
    const mend = server.intercept(() => new TypeError("fetch failed"));
    expect(await failure(room.loadOlder())).toMatchObject({ code: "network" });
    mend();
    const ending = new AbortController();
    const loading = failure(room.loadOlder(50, { signal: ending.signal }));
    ending.abort(new Error("scrolled away"));
    expect(await loading).toMatchObject({ message: "scrolled away" });
    await during(room.loadOlder());
    expect(room.messages).toEqual(server.messages);
  });

  test("of a room that is closed meanwhile are not added", async () => {
    const { room } = await inRoom(30);
    const loading = failure(room.loadOlder());
    room.close();
    expect(await loading).toMatchObject({ code: "closed" });
    expect(room.messages).toHaveLength(20);
  });
});

describe("markers", () => {
  test("only move forward, each side's own", async () => {
    const { server, room } = await inRoom(9);
    const read = (readerId: number, seq: number) => server.push({ type: "read", roomId: ROOM, readerId, seq });
    read(COMPANY, 5);
    read(COMPANY, 3);
    read(CUSTOMER, 7);
    read(CUSTOMER, 2);
    await settle();
    expect([room.readSeq, room.receiverReadSeq]).toEqual([7, 5]);
  });

  test("of this side are sent when they move, and stop at the newest message", async () => {
    const { server, room } = await inRoom(9);
    room.markRead(4);
    room.markRead(2);
    room.markRead(Number.NaN);
    room.markRead(99);
    room.markRead();
    await pass(2 * SECOND);
    expect(server.socket.sent("markRead").map(({ seq }) => seq)).toEqual([4, 9]);
    expect([room.readSeq, server.readSeq]).toEqual([9, 9]);
  });

  test("of a burst of messages are at most one frame a second", async () => {
    const { server, chat, room } = await inRoom();
    chat.on("room", () => room.markRead());
    for (let n = 0; n < 100; n++) server.say(`${n}`), await pass(20);
    await pass(2 * SECOND);
    expect(server.socket.sent("markRead").length).toBeLessThanOrEqual(4);
    expect(server.readSeq).toBe(101);
  });

  test("are sent before the room is closed", async () => {
    const { server, room } = await inRoom(9);
    room.markRead(4);
    room.markRead(9);
    room.close();
    await settle();
    expect(server.readSeq).toBe(9);
  });

  test("are found when they moved during an absence, on either side", async () => {
    const { server, room } = await inRoom(9);
    server.socket.dead = true;
    room.markRead(6);
    server.receiverReadSeq = 8;
    server.socket.dead = false;
    server.socket.drop();
    await pass(6 * SECOND);
    expect([room.readSeq, room.receiverReadSeq]).toEqual([6, 8]);
    expect(server.readSeq).toBe(6);
  });
});

describe("typing", () => {
  test("is sent at most every 3 seconds", async () => {
    const { server, room } = await inRoom();
    for (let n = 0; n < 40; n++) room.typing(), await pass(100);
    expect(server.socket.sent("typing")).toHaveLength(2);
  });

  test("of the other side is shown for 4 seconds, and reported", async () => {
    const { server, chat, room } = await inRoom();
    const changes = vi.fn();
    const frames: unknown[] = [];
    const stop = chat.on("typing", (frame) => frames.push(frame));
    chat.on("room", changes);
    const frame = { type: "typing", roomId: ROOM, accountId: COMPANY } as const;
    server.push(frame);
    await settle();
    expect(room.receiverTyping).toBe(true);
    await pass(3 * SECOND);
    server.push(frame);
    await pass(3 * SECOND);
    expect(room.receiverTyping).toBe(true);
    stop();
    server.push({ ...frame, accountId: CUSTOMER });
    await pass(1.2 * SECOND);
    expect(room.receiverTyping).toBe(false);
    expect(changes).toHaveBeenCalledTimes(2);
    expect(frames).toEqual([frame, frame]);
  });

  test("ends with the message, and with the connection", async () => {
    const { server, room } = await inRoom();
    const frame = { type: "typing", roomId: ROOM, accountId: COMPANY } as const;
    server.push(frame);
    await settle();
    server.say("done");
    await settle();
    expect(room.receiverTyping).toBe(false);
    server.push(frame);
    await settle();
    expect(room.receiverTyping).toBe(true);
    server.socket.drop();
    expect(room.receiverTyping).toBe(false);
  });
});
