import { describe, expect, test, vi } from "vitest";
import { createChat } from "../src/index.js";
import { jitter } from "../src/wait.js";
import {
  chatWith,
  connected,
  during,
  inRoom,
  MINUTE,
  pass,
  SECOND,
  settle,
  shown,
  URL_OF_API,
  useFakeClock,
} from "./fake/chat.js";
import { FakeServer, json, PATH, pushOf, ROOM, refusal } from "./fake/server.js";

useFakeClock();

const TICKETS = "POST /realtime/tickets";
const isTicket = ({ path }: { path: string }): boolean => path === "/realtime/tickets";

describe("jitter", () => {
  test("is full: from 0 to a bound that doubles up to 30 seconds", () => {
    const random = vi.spyOn(Math, "random");
    for (const [attempt, bound] of [1, 2, 4, 8, 16, 30, 30, 30].entries()) {
      for (const share of [0, 0.5, 0.999]) {
        random.mockReturnValue(share);
        expect(jitter(attempt)).toBeCloseTo(share * bound * SECOND);
      }
    }
    random.mockReturnValue(0.5);
    expect(jitter(5_000)).toBe(15 * SECOND);
  });
});

describe("connecting", () => {
  test("requests one ticket, and reports its states", async () => {
    const { server, chat, states } = await connected();
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "POST /customer/token",
      TICKETS,
    ]);
    expect(server.open).toHaveLength(1);
    expect(chat.connection).toBe("open");
    expect(states).toEqual(["connecting", "open"]);
  });

  test.each([
    ["https://chat.test/api", "wss://chat.test/realtime?ticket="],
    ["http://localhost:8080/api", "ws://localhost:8080/realtime?ticket="],
  ])("resolves the ticket's path against %s", async (url, address) => {
    const server = new FakeServer();
    chatWith(server, { url }).connect();
    await settle();
    expect(server.socket.url.startsWith(address)).toBe(true);
    expect(server.open).toHaveLength(1);
  });

  test("waits while no account is logged in, and starts at the login", async () => {
    const server = new FakeServer();
    server.cookies.clear();
    const chat = chatWith(server);
    chat.connect();
    await pass(10 * MINUTE);
    expect(chat.connection).toBe("closed");
    expect(server.requests).toHaveLength(1); // The check for a session.
    await during(chat.logIn("haneul01", "sky-2026x"));
    expect(chat.connection).toBe("open");
  });

  test("throws at once without a WebSocket", () => {
    vi.stubGlobal("WebSocket", undefined);
    const chat = createChat({ url: URL_OF_API, role: "customer", fetch: new FakeServer().fetch });
    expect(() => chat.connect()).toThrow(TypeError);
    expect(chat.connection).toBe("closed");
  });

  test("starts again with a new ticket after another login", async () => {
    const { server, chat } = await connected();
    await during(chat.logIn("badabada", "sky-2026x"));
    expect(server.sockets).toHaveLength(2);
    expect(server.open).toEqual([server.socket]);
  });

  test("ends at a logout", async () => {
    const { server, chat, states } = await connected();
    await during(chat.logOut());
    await pass(10 * MINUTE);
    expect(server.open).toEqual([]);
    expect(server.sockets).toHaveLength(1);
    expect(states.at(-1)).toBe("closed");
  });
});

describe("an open connection", () => {
  test("sends a heartbeat at once, with the open rooms", async () => {
    const { server } = await inRoom(3);
    server.socket.drop();
    await pass(6 * SECOND);
    expect(server.sockets).toHaveLength(2);
    expect(server.socket.frames[0]).toEqual({
      action: "heartbeat",
      rooms: [{ roomId: ROOM, lastSeq: 3 }],
    });
  });

  test("that the server does not know is replaced within seconds", async () => {
    const { server, chat } = await connected();
    const forgotten = {
      type: "error",
      code: "unauthenticated",
      message: "로그인이 필요해요.",
      requestId: "r1",
    } as const;
    server.intercept((request) => {
      if (isTicket(request) && server.sockets.length === 1) {
        // The next connection is unknown to the server.
        void Promise.resolve().then(async () => {
          while (server.sockets.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
          const { socket } = server;
          socket.handles = () => {
            socket.deliver(forgotten);
            return true;
          };
        });
      }
      return undefined;
    });
    server.socket.drop();
    await pass(12 * SECOND);
    expect(server.sockets).toHaveLength(3);
    expect(chat.connection).toBe("open");
  });

  test("that never answers is replaced within seconds", async () => {
    const server = new FakeServer();
    server.intercept((request) => {
      if (isTicket(request))
        setTimeout(() => (server.socket.dead = server.sockets.length === 1), 12);
      return undefined;
    });
    const chat = chatWith(server);
    chat.connect();
    await pass(20 * SECOND);
    expect(server.sockets.map(({ dead }) => dead)).toEqual([true, false]);
    expect(chat.connection).toBe("open");
  });

  test("sends a heartbeat every 4 minutes, with 20 rooms in a frame", async () => {
    const { server, chat } = await inRoom(3);
    const { socket } = server;
    socket.frames.length = 0;
    await pass(3.4 * MINUTE);
    expect(socket.frames).toEqual([]);
    await pass(1.2 * MINUTE);
    expect(socket.frames).toEqual([{ action: "heartbeat", rooms: [{ roomId: ROOM, lastSeq: 3 }] }]);

    server.intercept(({ path }) => {
      const id = Number(/^\/customer\/chatrooms\/(\d+)$/.exec(path)?.[1]);
      const receiver = {
        receiverId: 7,
        receiverName: "새벽빵집",
        receiverImageUrl: null,
        receiverDeleted: false,
      };
      const room = { id, ...receiver, readSeq: 0, receiverReadSeq: 0, lastSeq: 1, blocked: false };
      return id > 100
        ? json(200, { ...room, messages: [{ ...server.messages[0]!, id }] })
        : undefined;
    });
    for (let id = 101; id <= 140; id++) chat.room(id);
    await settle();
    socket.frames.length = 0;
    await pass(4.6 * MINUTE);
    expect(socket.frames.slice(0, 3).map(({ rooms }) => rooms?.length)).toEqual([20, 20, 1]);
    expect(
      new Set(socket.frames.slice(0, 3).flatMap(({ rooms }) => rooms!.map(({ roomId }) => roomId)))
        .size,
    ).toBe(41);
  });

  test("that is dead is detected by a heartbeat without an answer", async () => {
    const { server, chat, states } = await connected();
    server.socket.dead = true;
    await pass(3.4 * MINUTE);
    expect(chat.connection).toBe("open");
    await pass(1.1 * MINUTE + 15 * SECOND);
    expect(server.sockets).toHaveLength(2);
    expect(server.open).toEqual([server.socket]);
    expect(states).toEqual(["connecting", "open", "connecting", "open"]);
  });

  test("counts as alive while any frame arrives, even an error of API Gateway", async () => {
    const { server } = await connected();
    const { socket } = server;
    socket.handles = () => {
      socket.deliver({ message: "Internal server error" });
      return true;
    };
    await pass(20 * MINUTE);
    expect(server.sockets).toHaveLength(1);
  });

  test("is replaced after 90 to 110 minutes without a pause", async () => {
    for (const [random, minutes] of [
      [0, 90],
      [0.999_999, 110],
    ] as const) {
      const { server, chat, states } = await connected();
      vi.spyOn(Math, "random").mockReturnValue(random);
      server.socket.drop();
      await pass(6 * SECOND);
      const [old, count] = [server.socket, server.sockets.length];
      const openedAt = performance.now() - 6 * SECOND;
      await pass((minutes - 1) * MINUTE);
      expect(server.sockets).toHaveLength(count);
      states.length = 0;
      await pass(0.9 * MINUTE);
      while (server.sockets.length === count) await pass(2);
      expect(performance.now() - openedAt).toBeLessThanOrEqual((minutes + 0.1) * MINUTE);
      expect([old.state, server.socket.state]).toEqual(["open", "connecting"]);
      while (old.state === "open") await pass(1);
      expect(server.socket.state).toBe("open");
      await settle();
      expect([old.state, server.socket.state]).toEqual(["closed", "open"]);
      expect(states).toEqual([]);
      chat.close();
    }
  });

  test("stays in use while it cannot be replaced", async () => {
    const { server, chat } = await connected();
    const mend = server.intercept((request) =>
      isTicket(request) ? refusal(503, "unavailable") : undefined,
    );
    await pass(110 * MINUTE);
    const tried = server.calls(TICKETS);
    for (let n = 0; n < 600; n++) {
      server.say(`${n}`);
      await pass(SECOND);
    }
    expect(server.calls(TICKETS) - tried).toBeLessThanOrEqual(30);
    expect(server.open).toHaveLength(1);
    expect(chat.connection).toBe("open");
    mend();
    await pass(41 * SECOND);
    expect(server.sockets.map(({ state }) => state)).toEqual(["closed", "open"]);
  });

  test("is renewed with a fresh access token after `unauthenticated`", async () => {
    const { server, chat } = await connected();
    server.tokens.clear();
    server.socket.deliver({
      type: "error",
      code: "unauthenticated",
      message: "로그인이 필요해요.",
      requestId: "r1",
    });
    await pass(6 * SECOND);
    expect(server.calls("POST /customer/token")).toBe(2);
    expect(chat.connection).toBe("open");
    expect(server.sockets).toHaveLength(2);
  });

  test("that was replaced delivers no frames", async () => {
    const { server, chat, room } = await inRoom();
    const earlier = server.socket;
    const frames: unknown[] = [];
    chat.on("message", (frame) => frames.push(frame));
    await during(chat.logIn("badabada", "sky-2026x"));
    earlier.arriveLate(JSON.stringify(pushOf({ ...server.messages[0]!, seq: 2 })));
    expect(frames).toEqual([]);
    expect(room.messages).toHaveLength(1);
  });
});

test("a message between registration and fetch is not missed", async () => {
  const { server, room } = await inRoom(1);
  server.socket.drop();
  server.say("while away");
  let said = false;
  server.intercept(({ path }) => {
    // The connection is open now. This push arrives before the response, which lacks the message.
    if (path === PATH && !said) {
      said = true;
      setTimeout(() => server.say("in between"), 1);
    }
    return undefined;
  });
  await pass(6 * SECOND);
  expect(said).toBe(true);
  expect(shown(room)).toEqual(["before 1", "while away", "in between"]);
});

describe("close", () => {
  test("leaves no connection and no timer", async () => {
    const { server, chat, room } = await inRoom(1);
    room.send("never acknowledged");
    room.markRead();
    chat.close();
    await settle();
    expect(vi.getTimerCount()).toBe(0);
    expect(server.open).toEqual([]);
  });

  test("works at any moment of connecting", async () => {
    for (let ms = 0; ms < 60; ms += 3) {
      const server = new FakeServer();
      const early = chatWith(server);
      early.connect();
      early.room(ROOM);
      await pass(ms);
      early.close();
      await settle();
      expect(vi.getTimerCount()).toBe(0);
      expect(server.open).toEqual([]);
    }
  });

  test("ends calls that hang, and pauses before a retry", async () => {
    for (const answer of [
      () => new Promise<never>(() => {}),
      () => new TypeError("fetch failed"),
    ]) {
      const server = new FakeServer();
      const chat = chatWith(server);
      await during(chat.resume());
      server.intercept(answer);
      chat.connect();
      chat.room(ROOM);
      await pass(60 * SECOND);
      chat.close();
      await settle();
      expect(vi.getTimerCount()).toBe(0);
    }
  });
});
