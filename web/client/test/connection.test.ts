import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createChat, type ConnectionState } from "../src/index.js";
import { jitter } from "../src/jitter.js";
import { chatWith, during, inRoom, MINUTE, pass, SECOND, settle, shown, useFakeClock } from "./fake/chat.js";
import { FakeServer, json, PATH, refusal, ROOM } from "./fake/server.js";

useFakeClock();

const connected = async () => {
  const server = new FakeServer();
  const chat = chatWith(server);
  const states: ConnectionState[] = [];
  chat.on("connection", (state) => states.push(state));
  chat.connect();
  await settle();
  return { server, chat, states };
};

/** The seconds from one attempt to the next, where the longest wait is chosen each time. */
const watchWaits = (server: FakeServer) => {
  const waits: number[] = [];
  let last = performance.now();
  vi.spyOn(Math, "random").mockReturnValue(1);
  server.intercept(({ path }) => {
    if (path === "/realtime/tickets") waits.push(Math.round((performance.now() - last) / SECOND));
    if (path === "/realtime/tickets") last = performance.now();
    return undefined;
  });
  return { waits, begin: () => void (last = performance.now()) };
};

describe("jitter", () => {
  test("is full: anything from 0 to the bound, which doubles up to 30 seconds", () => {
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
  test("takes a ticket, and is told", async () => {
    const { server, chat, states } = await connected();
    expect(server.calls("POST /realtime/tickets")).toBeGreaterThan(0);
    expect(server.open).toHaveLength(1);
    expect(chat.connection).toBe("open");
    expect(states).toEqual(["connecting", "open"]);
  });

  test("waits while nobody is logged in, and goes on at the login", async () => {
    const server = new FakeServer();
    server.cookie = false;
    const chat = chatWith(server);
    chat.connect();
    await pass(10 * MINUTE);
    expect(chat.connection).toBe("closed");
    expect(server.requests).toHaveLength(2); // a ticket, and whether there is a session
    await during(chat.logIn("haneul01", "sky-2026x"));
    expect(chat.connection).toBe("open");
  });

  test("says at once that there is no WebSocket, instead of trying for ever", () => {
    vi.stubGlobal("WebSocket", undefined);
    const chat = createChat({ url: "https://api.chat.test", role: "customer", fetch: new FakeServer().fetch });
    expect(() => chat.connect()).toThrow(TypeError);
    expect(chat.connection).toBe("closed");
  });

  test("belongs to the account: another login connects again with a ticket of its own", async () => {
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

describe("connecting again", () => {
  test("waits longer after each failure, and from the start after a connection that has proved itself", async () => {
    const { server } = await connected();
    const mend = server.intercept(({ path }) => (path === "/realtime/tickets" ? new TypeError("fetch failed") : undefined));
    const { waits, begin } = watchWaits(server);
    const drop = () => (begin(), server.socket.drop());
    drop();
    await pass(40 * SECOND);
    mend();
    await pass(31 * SECOND);
    expect(waits).toEqual([1, 2, 4, 8, 16, 30]);
    expect(server.open).toHaveLength(1);

    // It was open for a moment only, and nothing came over it.
    drop();
    await pass(31 * SECOND);
    expect(waits.at(-1)).toBe(30);

    await pass(11 * SECOND);
    drop();
    await pass(2 * SECOND);
    expect(waits.at(-1)).toBe(1);

    server.say("a frame proves it too");
    await settle();
    drop();
    await pass(2 * SECOND);
    expect(waits.slice(-2)).toEqual([1, 1]);

    // An error proves nothing: it may be all that ever comes.
    server.socket.deliver({ type: "error", code: "internal", message: "오류", requestId: "r1" });
    await settle();
    drop();
    await pass(3 * SECOND);
    expect(waits.at(-1)).toBe(2);
  });

  test("goes on after a handshake that is refused, and one that never ends", async () => {
    const server = new FakeServer();
    const chat = chatWith(server);
    let refused = 2;
    server.intercept(({ path }) => {
      if (path !== "/realtime/tickets" || refused-- <= 0) return undefined;
      return json(201, { ticket: "used", url: "ws://chat.test/live?ticket=used", expiresIn: 30 });
    });
    chat.connect();
    await pass(10 * SECOND);
    expect(server.sockets.map(({ state }) => state)).toEqual(["closed", "closed", "open"]);

    server.intercept(({ path }) => (path === "/realtime/tickets" ? new Promise(() => {}) : undefined));
    server.socket.drop();
    await pass(2 * SECOND);
    const tried = server.calls("POST /realtime/tickets");
    await pass(30 * SECOND);
    expect(server.calls("POST /realtime/tickets")).toBeGreaterThan(tried);
  });

  test.each([429, 503])("waits at least as long as the server says with %d", async (status) => {
    const server = new FakeServer();
    const chat = chatWith(server);
    let busy = 1;
    server.intercept(({ path }) =>
      path === "/realtime/tickets" && busy-- > 0 ? json(status, { message: "busy" }, { "retry-after": "40" }) : undefined,
    );
    chat.connect();
    await pass(39 * SECOND);
    expect(server.calls("POST /realtime/tickets")).toBe(1);
    await pass(3 * SECOND);
    expect(chat.connection).toBe("open");
  });

  test("finds a new session where the old one has ended", async () => {
    const { server, chat } = await connected();
    server.tokens.clear();
    server.socket.deliver({ type: "error", code: "unauthenticated", message: "로그인이 필요합니다.", requestId: "r1" });
    await pass(2 * SECOND);
    expect(server.calls("POST /token")).toBe(2);
    expect(chat.connection).toBe("open");
    expect(server.sockets).toHaveLength(2);
  });
});

describe("a connection in use", () => {
  test("is replaced after 90 to 110 minutes, and the new one opens before the old one closes", async () => {
    for (const [random, minutes] of [[0, 90], [0.999_999, 110]] as const) {
      const { server, chat, states } = await connected();
      vi.spyOn(Math, "random").mockReturnValue(random);
      server.socket.drop();
      await pass(2 * SECOND);
      const [old, count] = [server.socket, server.sockets.length];
      await pass((minutes - 1) * MINUTE);
      expect(server.sockets).toHaveLength(count);
      states.length = 0;
      while (server.sockets.length === count) await pass(2);
      expect([old.state, server.socket.state]).toEqual(["open", "connecting"]);
      while (old.state === "open") await pass(1);
      expect(server.socket.state).toBe("open");
      await settle();
      expect([old.state, server.socket.state]).toEqual(["closed", "open"]);
      expect(states).toEqual([]); // Nobody notices.
      chat.close();
    }
  });

  test("stays in use when it cannot be replaced yet", async () => {
    const { server, chat } = await connected();
    const mend = server.intercept(({ path }) => (path === "/realtime/tickets" ? refusal(503, "unavailable") : undefined));
    await pass(115 * MINUTE);
    expect(server.open).toHaveLength(1);
    expect(chat.connection).toBe("open");
    mend();
    await pass(31 * SECOND);
    expect(server.sockets.map(({ state }) => state)).toEqual(["closed", "open"]);
  });

  test("beats every 4 minutes or so, and says how far its rooms are, twenty at a time", async () => {
    const { server, chat } = await inRoom(3);
    const { socket } = server;
    await pass(3.4 * MINUTE);
    expect(socket.frames).toEqual([]);
    await pass(1.2 * MINUTE);
    expect(socket.frames).toEqual([{ action: "heartbeat", rooms: [{ roomId: ROOM, lastSeq: 3 }] }]);

    server.intercept(({ path }) => {
      const id = Number(/^\/customer\/chatrooms\/(\d+)$/.exec(path)?.[1]);
      const receiver = { receiverId: 7, receiverName: "새벽빵집", receiverImageUrl: null, receiverDeleted: false };
      const room = { id, ...receiver, readSeq: 0, receiverReadSeq: 0, lastSeq: 1, page: { current: 1, total: 1 } };
      return id > 100 ? json(200, { ...room, messages: [{ ...server.messages[0]!, id }] }) : undefined;
    });
    for (let id = 101; id <= 140; id++) chat.room(id);
    await settle();
    socket.frames.length = 0;
    await pass(4.6 * MINUTE);
    expect(socket.frames.slice(0, 3).map(({ rooms }) => rooms?.length)).toEqual([20, 20, 1]);
  });

  test("that is dead is found by a heartbeat without an answer, and replaced", async () => {
    const { server, chat, states } = await connected();
    const { socket } = server;
    socket.dead = true;
    await pass(3.5 * MINUTE);
    expect(chat.connection).toBe("open");
    await pass(1 * MINUTE + 10 * SECOND);
    expect(server.sockets).toHaveLength(2);
    expect(server.open).toEqual([server.socket]);
    expect(states).toEqual(["connecting", "open", "connecting", "open"]);
  });

  test("is not taken for dead while anything comes, even an error of API Gateway", async () => {
    const { server } = await connected();
    const { socket } = server;
    socket.handles = () => (socket.deliver({ message: "Internal server error" }), true);
    await pass(20 * MINUTE);
    expect(server.sockets).toHaveLength(1);
  });

  test("outlives what is no JSON", async () => {
    const { server, chat } = await connected();
    server.socket.deliver("<html>");
    await settle();
    expect(chat.connection).toBe("open");
  });
});

describe("a page that wakes", () => {
  const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const network = new EventTarget();
  beforeEach(() => {
    for (const target of [page, network]) for (const method of ["addEventListener", "removeEventListener"] as const) vi.spyOn(target, method);
    vi.stubGlobal("document", page);
    vi.stubGlobal("navigator", { locks: undefined });
    vi.stubGlobal("BroadcastChannel", undefined);
    vi.stubGlobal("addEventListener", (...listening: Parameters<EventTarget["addEventListener"]>) => network.addEventListener(...listening));
    vi.stubGlobal("removeEventListener", (...listening: Parameters<EventTarget["removeEventListener"]>) => network.removeEventListener(...listening));
  });
  afterEach(() => void (page.visibilityState = "visible"));
  const wakes = {
    "visible again": () => page.dispatchEvent(new Event("visibilitychange")),
    "online again": () => network.dispatchEvent(new Event("online")),
  };

  test.each(Object.entries(wakes))("because it is %s beats at once, and finds a dead connection", async (_, wake) => {
    const { server } = await connected();
    server.socket.dead = true;
    wake();
    expect(server.sockets[0]!.sent("heartbeat")).toHaveLength(0); // It is dead.
    await pass(10 * SECOND);
    expect(server.sockets).toHaveLength(2);
    wake();
    wake();
    expect(server.socket.sent("heartbeat")).toHaveLength(1);
    await settle();
    expect(server.open).toHaveLength(1);
  });

  test.each(Object.entries(wakes))("because it is %s connects at once", async (_, wake) => {
    const { server, chat } = await connected();
    vi.spyOn(Math, "random").mockReturnValue(0.999);
    server.socket.drop();
    wake();
    await settle();
    expect(chat.connection).toBe("open");
    await pass(5 * SECOND);
    expect(server.sockets).toHaveLength(2);
  });

  test("does nothing when it becomes hidden, nor after the end", async () => {
    const { server, chat } = await connected();
    page.visibilityState = "hidden";
    wakes["visible again"]();
    expect(server.socket.frames).toEqual([]);
    chat.close();
    page.visibilityState = "visible";
    wakes["visible again"]();
    wakes["online again"]();
    await settle();
    expect(server.sockets).toHaveLength(1);
    for (const [added, removed] of [[network.addEventListener, network.removeEventListener], [page.addEventListener, page.removeEventListener]]) {
      expect(vi.mocked(removed!).mock.calls).toEqual(vi.mocked(added!).mock.calls);
      expect(added).toHaveBeenCalledOnce();
    }
  });
});

test("a room is registered first and then fetched: what is said in between is there", async () => {
  const { server, room } = await inRoom(1);
  server.socket.drop();
  server.say("while away");
  let said = false;
  server.intercept(({ path }) => {
    // The connection is open by now; this push overtakes the answer, which does not have it.
    if (path === PATH && !said) (said = true), setTimeout(() => server.say("in between"), 1);
    return undefined;
  });
  await pass(3 * SECOND);
  expect(said).toBe(true);
  expect(shown(room)).toEqual(["before 1", "while away", "in between"]);
});

test("after the end there is neither connection nor timer", async () => {
  const { server, chat, room } = await inRoom(1);
  room.send("never acknowledged");
  chat.close();
  await settle();
  expect(vi.getTimerCount()).toBe(0);
  expect(server.open).toEqual([]);

  // At any moment of connecting: refreshing, asking for a ticket, shaking hands.
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

test("after the end nothing waits to try again", async () => {
  const server = new FakeServer();
  server.intercept(() => new TypeError("fetch failed"));
  const chat = chatWith(server);
  chat.connect();
  chat.room(ROOM);
  await pass(60 * SECOND);
  chat.close();
  await settle();
  expect(vi.getTimerCount()).toBe(0);
});
