import { describe, expect, test } from "vitest";
import type { Message, Room } from "../src/index.js";
import { chatWith, during, failure, inRoom, pass, SECOND, settle, useFakeClock } from "./fake/chat.js";
import { COMPANY, CUSTOMER, FakeServer, json, LATENCY_MS, PATH, refusal, ROOM } from "./fake/server.js";

useFakeClock();

const push = (message: Message) => ({ type: "message", roomId: ROOM, message }) as const;

/** The numbers of what a room shows. */
const seqs = (room: Room): number[] => room.messages.map(({ seq }) => seq);
const upTo = (count: number, from = 1): number[] => Array.from({ length: count - from + 1 }, (_, n) => from + n);

describe("a room", () => {
  test("opens with its newest messages, the other side and both markers", async () => {
    const server = new FakeServer();
    for (let n = 1; n <= 45; n++) server.keep(COMPANY, `${n}`);
    Object.assign(server, { readSeq: 40, receiverReadSeq: 44 });
    const room = chatWith(server).room(ROOM);
    expect([room.lastSeq, room.hasOlder, room.receiver]).toEqual([0, false, undefined]);
    await during(room.ready);
    expect(seqs(room)).toEqual(upTo(45, 26));
    expect(room).toMatchObject({ lastSeq: 45, hasOlder: true, readSeq: 40, receiverReadSeq: 44 });
    expect(room.receiver).toMatchObject({ receiverId: COMPANY, receiverName: "새벽빵집", receiverDeleted: false });
  });

  test("is the same for the same id, until it is closed", async () => {
    const { chat, room } = await inRoom();
    expect(chat.room(ROOM)).toBe(room);
    room.close();
    expect(chat.room(ROOM)).not.toBe(room);
    expect(room.error).toMatchObject({ code: "closed" });
  });

  test("tells each change, with new lists and the old ones as they were", async () => {
    const { server, chat, room } = await inRoom();
    const told: unknown[] = [];
    chat.on("room", (changed) => told.push(changed));
    const before = room.messages;
    server.say("news");
    await settle();
    expect(told).toContain(room);
    expect(before).toHaveLength(1);
    expect(room.messages).toHaveLength(2);
  });

  test("that is not the caller's says so, and is not asked for again", async () => {
    const server = new FakeServer();
    const chat = chatWith(server);
    const room = chat.room(404);
    expect(await failure(room.ready)).toMatchObject({ code: "room_not_found" });
    expect(room.error).toMatchObject({ code: "room_not_found" });
    const count = server.requests.length;
    chat.connect();
    await pass(60 * SECOND);
    expect(server.requests.slice(count).filter(({ path }) => path.endsWith("404"))).toEqual([]);
  });

  test("opens in the end where the server fails at first, and waits as long as it says", async () => {
    const server = new FakeServer();
    server.keep(COMPANY, "hello");
    const answers = [new TypeError("fetch failed"), refusal(503, "unavailable", { "retry-after": "20" }), json(500, { message: "Internal Server Error" })];
    server.intercept(({ path }) => (path === PATH ? answers.shift() : undefined));
    const room = chatWith(server).room(ROOM);
    await pass(19 * SECOND);
    expect(server.calls(`GET ${PATH}`)).toBeLessThanOrEqual(3); // With the one that the access token was missing for.
    await pass(20 * SECOND);
    expect(seqs(room)).toEqual([1]);
  });

  test("waits for a login, and opens then", async () => {
    const server = new FakeServer();
    server.keep(COMPANY, "hello");
    server.cookie = false;
    const chat = chatWith(server);
    chat.connect();
    const room = chat.room(ROOM);
    await pass(60 * SECOND);
    expect(room.error).toBeUndefined();
    await during(chat.logIn("haneul01", "sky-2026x"));
    expect(seqs(room)).toEqual([1]);
  });

  test("is closed by a logout", async () => {
    const { chat, room } = await inRoom();
    await during(chat.logOut());
    expect(room.error).toMatchObject({ code: "closed" });
  });
});

describe("pushes", () => {
  test("that are out of order are shown in order, and nothing is fetched if the missing one comes soon", async () => {
    const { server, room } = await inRoom();
    const [two, three, four] = ["two", "three", "four"].map((content) => server.keep(COMPANY, content).message);
    const count = server.requests.length;
    server.socket.deliver(push(four!));
    server.socket.deliver(push(three!));
    await settle();
    expect(seqs(room)).toEqual([1]);
    server.socket.deliver(push(two!));
    await pass(SECOND);
    expect(seqs(room)).toEqual([1, 2, 3, 4]);
    expect(server.requests).toHaveLength(count);
  });

  test("that come twice are shown once", async () => {
    const { server, room } = await inRoom();
    const message = server.say("once");
    server.socket.deliver(push(message));
    server.socket.deliver(push(server.messages[0]!));
    await pass(SECOND);
    expect(room.messages).toEqual(server.messages);
  });

  test("of which one is lost are healed by what is after the last one, and shown only then", async () => {
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
    server.keep(COMPANY, "nobody hears of it");
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
    await pass(LATENCY_MS + 1); // The answer is on its way.
    server.socket.arrive(JSON.stringify(push(server.keep(COMPANY, "overtakes it").message)));
    server.socket.arrive(JSON.stringify({ type: "read", roomId: ROOM, readerId: COMPANY, seq: 2 }));
    server.receiverReadSeq = 2;
    await pass(SECOND);
    expect(room.messages).toEqual(server.messages);
    expect(room.receiverReadSeq).toBe(2);
  });

  test("for other rooms are told, and change nothing here", async () => {
    const { server, chat, room } = await inRoom();
    const told: unknown[] = [];
    chat.on("message", (frame) => told.push(frame));
    const frame = { ...push(server.messages[0]!), roomId: 99 };
    server.socket.deliver(frame);
    await settle();
    expect(told).toEqual([frame]);
    expect(seqs(room)).toEqual([1]);
  });

  test("of one's own messages from elsewhere are shown, and one that is pending here is found by its id", async () => {
    const { server, room } = await inRoom();
    const elsewhere = server.keep(CUSTOMER, "typed in another tab", crypto.randomUUID()).message;
    server.socket.deliver(push(elsewhere));
    await settle();
    server.socket.handles = ({ action }) => action === "sendMessage";
    const { clientMessageId } = room.send("sent over the connection before this one");
    server.socket.deliver(push(server.keep(CUSTOMER, "sent over the connection before this one", clientMessageId).message));
    await settle();
    expect(room.messages).toEqual(server.messages);
    expect(room.pending).toEqual([]);
    server.socket.handles = () => false;
    room.send("goes on at once");
    await settle();
    expect(room.messages).toEqual(server.messages);
    expect(room.messages).toHaveLength(4);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])("shuffled, doubled and lost in every way (seed %d) end in the server's order", async (seed) => {
    const random = () => ((seed = (seed * 48_271) % 2_147_483_647), seed / 2_147_483_647);
    const { server, room } = await inRoom();
    for (let n = 0; n < 60; n++) {
      if (random() < 0.3) room.send(`mine ${n}`);
      const frame = push(server.keep(COMPANY, `${n}`).message);
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

describe("healing", () => {
  test("goes on after the network failed in it", async () => {
    const { server, room } = await inRoom();
    let failures = 3;
    server.intercept(({ path }) => (path.endsWith("/messages") && failures-- > 0 ? new TypeError("fetch failed") : undefined));
    server.keep(COMPANY, "lost");
    server.say("after it");
    await pass(10 * SECOND);
    expect(room.messages).toEqual(server.messages);
  });

  test("goes on after the connection dropped in it", async () => {
    const { server, room } = await inRoom();
    for (let n = 0; n < 250; n++) server.keep(COMPANY, "lost");
    let drops = 2;
    server.intercept(({ path }) => {
      if (!path.endsWith("/messages") || drops-- <= 0) return undefined;
      server.socket.drop();
      return new TypeError("fetch failed");
    });
    server.say("after them");
    await pass(10 * SECOND);
    expect(drops).toBeLessThanOrEqual(0);
    expect(room.messages).toEqual(server.messages);
  });

  test("does not sleep through the return of the connection", async () => {
    const { server, room } = await inRoom();
    const mend = server.intercept(() => new TypeError("fetch failed"));
    server.keep(COMPANY, "lost");
    server.say("after it");
    await pass(200 * SECOND); // The waits are long by now.
    mend();
    server.socket.drop();
    await pass(2 * SECOND);
    expect(room.messages).toEqual(server.messages);
  });

  test("does not hammer a server that promises more than it gives", async () => {
    const { server } = await inRoom();
    const count = server.requests.length;
    server.socket.deliver({ type: "heartbeat", rooms: [{ roomId: ROOM, lastSeq: 1_000 }] });
    await pass(10 * SECOND);
    expect(server.requests.length - count).toBeLessThan(30);
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

  test("are there once, even if they are asked for twice at the same time", async () => {
    const { room } = await inRoom(75);
    await during(Promise.all([room.loadOlder(30), room.loadOlder(30)]));
    expect(seqs(room)).toEqual(upTo(75, 26));
  });

  test("can be asked for again after a failure", async () => {
    const { server, room } = await inRoom(30);
    const mend = server.intercept(() => new TypeError("fetch failed"));
    expect(await failure(room.loadOlder())).toMatchObject({ code: "network" });
    mend();
    await during(room.loadOlder());
    expect(room.messages).toEqual(server.messages);
  });
});

describe("markers", () => {
  test("move forward only, each side's own", async () => {
    const { server, room } = await inRoom(9);
    const read = (readerId: number, seq: number) => server.push({ type: "read", roomId: ROOM, readerId, seq });
    read(COMPANY, 5);
    read(COMPANY, 3);
    read(CUSTOMER, 7);
    read(CUSTOMER, 2);
    await settle();
    expect([room.readSeq, room.receiverReadSeq]).toEqual([7, 5]);
  });

  test("of one's own are sent when they move, and stop at the newest message", async () => {
    const { server, room } = await inRoom(9);
    room.markRead(4);
    room.markRead(2);
    room.markRead(99);
    room.markRead();
    await settle();
    expect(server.socket.sent("markRead").map(({ seq }) => seq)).toEqual([4, 9]);
    expect([room.readSeq, server.readSeq]).toEqual([9, 9]);
  });

  test("are found where they moved while the connection was away, on either side", async () => {
    const { server, room } = await inRoom(9);
    server.socket.dead = true;
    room.markRead(6);
    server.receiverReadSeq = 8;
    server.socket.dead = false;
    server.socket.drop();
    await pass(3 * SECOND);
    expect([room.readSeq, room.receiverReadSeq]).toEqual([6, 8]);
    expect(server.readSeq).toBe(6);
  });
});

describe("typing", () => {
  test("is sent at most every 3 seconds, however fast somebody types", async () => {
    const { server, room } = await inRoom();
    for (let n = 0; n < 40; n++) room.typing(), await pass(100);
    expect(server.socket.sent("typing")).toHaveLength(2);
  });

  test("of the other side is told", async () => {
    const { server, chat } = await inRoom();
    const told: unknown[] = [];
    const stop = chat.on("typing", (frame) => told.push(frame));
    const frame = { type: "typing", roomId: ROOM, accountId: COMPANY } as const;
    server.push(frame);
    await settle();
    stop();
    server.push(frame);
    await settle();
    expect(told).toEqual([frame]);
  });
});
