/** Rooms show all messages in order, even if pushes are lost, repeated or reordered. */

import { describe, expect, test, vi } from "vitest";
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
import { COMPANY, CUSTOMER, FakeServer, LATENCY_MS, PATH, pushOf, ROOM } from "./fake/server.js";

useFakeClock();

/** The numbers of the messages that a room shows. */
const seqs = (room: Room): number[] => room.messages.map(({ seq }) => seq);
const upTo = (count: number, from = 1): number[] =>
  Array.from({ length: count - from + 1 }, (_, n) => from + n);

describe("pushes", () => {
  test("that are out of order are shown in order, without a fetch", async () => {
    const { server, room } = await inRoom();
    const [two, three, four] = ["two", "three", "four"].map(
      (content) => server.keep(COMPANY, content).message,
    );
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

  test("that arrive twice are shown once and reported once", async () => {
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
    const [question, answer] = [
      server.keep(CUSTOMER, "되나요?").message,
      server.keep(COMPANY, "네.").message,
    ];
    room.receive(question, answer);
    expect(room.messages).toEqual(server.messages);
  });

  test("after a lost one are shown only after a fetch has filled the gap", async () => {
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

  test("that were lost by the hundreds are fetched page by page", async () => {
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
    for (let n = 0; n < 5; n++) {
      await pass(120);
      server.say(`${353 + n}th`);
    }
    await pass(5 * SECOND);
    expect(room.messages).toEqual(server.messages);
    expect(most).toBe(1);
    expect(server.calls(`GET ${PATH}/messages`)).toBe(4);
  });

  test("that are lost at the end are detected by the heartbeat", async () => {
    const { server, room } = await inRoom();
    server.keep(COMPANY, "its push is lost");
    await pass(5 * 60 * SECOND);
    expect(room.messages).toEqual(server.messages);
  });

  test("that arrive before the room is loaded are not lost", async () => {
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

  test("of own messages are shown, and replace pending ones", async () => {
    const { server, room } = await inRoom();
    const elsewhere = server.keep(CUSTOMER, "typed in another tab", crypto.randomUUID()).message;
    server.socket.deliver(pushOf(elsewhere));
    await settle();
    server.socket.handles = ({ action }) => action === "sendMessage";
    const { clientMessageId } = room.send("sent over the connection before this one");
    server.socket.deliver(
      pushOf(
        server.keep(CUSTOMER, "sent over the connection before this one", clientMessageId).message,
      ),
    );
    await settle();
    expect(room.messages).toEqual(server.messages);
    expect(room.pending).toEqual([]);
    server.socket.handles = () => false;
    room.send("goes on at once");
    await settle();
    expect(room.messages).toEqual(server.messages);
    expect(room.messages).toHaveLength(4);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "shuffled, doubled and lost (seed %d) end in the server's order",
    async (seed) => {
      const random = () => {
        seed = (seed * 48_271) % 2_147_483_647;
        return seed / 2_147_483_647;
      };
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
    },
  );
});

describe("catching up", () => {
  test("continues after a failure of the network", async () => {
    const { server, room } = await inRoom();
    let failures = 3;
    server.intercept(({ path }) =>
      path.endsWith("/messages") && failures-- > 0 ? new TypeError("fetch failed") : undefined,
    );
    server.keep(COMPANY, "lost");
    server.say("after it");
    await pass(10 * SECOND);
    expect(room.messages).toEqual(server.messages);
    expect(room.error).toBeUndefined();
  });

  test("pauses shortly again after a success", async () => {
    const { server, room } = await inRoom();
    vi.spyOn(Math, "random").mockReturnValue(0.999);
    // The first page fails five times, and the second one once.
    const failures: Record<string, number> = { 1: 5, 101: 1 };
    server.intercept(({ query }) => {
      const after = query.get("after") ?? "";
      const left = failures[after] ?? 0;
      failures[after] = left - 1;
      return left > 0 ? new TypeError("fetch failed") : undefined;
    });
    for (let n = 0; n < 150; n++) server.keep(COMPANY, "lost");
    server.say("after them");
    await pass((1 + 2 + 4 + 8 + 16 + 1 + 1) * SECOND);
    expect(room.messages).toEqual(server.messages);
  });

  test("continues after a restart of the server", async () => {
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
    await pass(200 * SECOND); // The pauses are long now.
    mend();
    server.socket.drop();
    await pass(6 * SECOND);
    expect(room.messages).toEqual(server.messages);
  });

  test("works for 5,000 missed messages", async () => {
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
