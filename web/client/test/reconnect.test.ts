import { describe, expect, test, vi } from "vitest";
import type { ConnectionState } from "../src/index.js";
import { chatWith, inRoom, MINUTE, pass, SECOND, settle, useFakeClock } from "./fake/chat.js";
import { useFakePage } from "./fake/page.js";
import { FakeServer, json, refusal, type Request } from "./fake/server.js";

useFakeClock();

const TICKETS = "POST /realtime/tickets";
const isTicket = ({ path }: Request): boolean => path === "/realtime/tickets";

describe("one client", () => {
  const page = useFakePage();

  const connected = async () => {
    const server = new FakeServer();
    const chat = chatWith(server);
    const states: ConnectionState[] = [];
    chat.on("connection", (state) => states.push(state));
    chat.connect();
    await settle();
    const attempts: number[] = [];
    server.intercept((request) => {
      if (isTicket(request)) attempts.push(performance.now());
      return undefined;
    });
    return { server, chat, states, attempts };
  };

  const wakes = { "becomes visible": () => page.visible(), "is online again": () => page.online() };

  test.each([0, 0.5, 0.999])("waits a random share (%d) of 5 seconds after a loss", async (share) => {
    const { server, attempts } = await connected();
    vi.spyOn(Math, "random").mockReturnValue(share);
    const lostAt = performance.now();
    server.socket.drop();
    await pass(6 * SECOND);
    expect(attempts).toHaveLength(1);
    expect((attempts[0]! - lostAt) / SECOND).toBeCloseTo(share * 5, 1);
  });

  test.each(Object.entries(wakes))("that %s reconnects within one second", async (_, wake) => {
    for (const share of [0, 0.999]) {
      const { server, chat } = await connected();
      vi.spyOn(Math, "random").mockReturnValue(0.999);
      server.socket.drop();
      vi.spyOn(Math, "random").mockReturnValue(share);
      wake();
      await pass(1 * SECOND);
      expect(chat.connection).toBe("open");
      await pass(10 * SECOND);
      expect(server.sockets).toHaveLength(2);
    }
  });

  test("tries at most every 20 to 40 seconds, and soon again after an answer", async () => {
    const { server, attempts } = await connected();
    const mend = server.intercept((request) =>
      isTicket(request) ? (attempts.push(performance.now()), new TypeError("fetch failed")) : undefined,
    );
    server.socket.drop();
    await pass(20 * MINUTE);
    const waits = attempts.slice(1).map((time, n) => (time - attempts[n]!) / SECOND);
    const [first, second, third, fourth, ...rest] = waits;
    for (const wait of [first, second]) expect(wait).toBeCloseTo(5, 1);
    for (const [wait, least] of [[third, 5], [fourth, 10], ...rest.map((wait) => [wait, 20])]) {
      expect(wait).toBeGreaterThanOrEqual(least! - 0.1);
      expect(wait).toBeLessThanOrEqual(2 * least! + 0.1);
    }
    mend();
    await pass(41 * SECOND);
    expect(server.open).toHaveLength(1);
    attempts.length = 0;
    const lostAt = performance.now();
    server.socket.drop();
    await pass(6 * SECOND);
    expect(attempts[0]! - lostAt).toBeLessThanOrEqual(5 * SECOND);
  });

  test.each(["before an answer comes", "after an error"])("slows down when connections end %s", async (when) => {
    const { server, attempts } = await connected();
    server.intercept((request) => {
      if (isTicket(request)) {
        const known = server.sockets.length;
        const socket = () => server.sockets[known];
        if (when === "after an error") {
          setTimeout(() => socket()?.arrive(JSON.stringify({ type: "error", code: "internal", message: "오류" })), 18);
        }
        setTimeout(() => socket()?.drop(), 20);
      }
      return undefined;
    });
    for (const socket of server.open) socket.drop();
    await pass(20 * MINUTE);
    expect(attempts.length).toBeLessThan(60);
    expect(server.open).toEqual([]);
  });

  test.each([429, 503])("obeys Retry-After of %d, whatever event comes", async (status) => {
    const { server, chat, attempts } = await connected();
    let busy = 1;
    server.intercept((request) => {
      if (!isTicket(request) || busy-- <= 0) return undefined;
      attempts.push(performance.now());
      return json(status, { message: "busy" }, { "retry-after": "40" });
    });
    server.socket.drop();
    await pass(6 * SECOND);
    expect(attempts).toHaveLength(1);
    const until = attempts[0]! + 40 * SECOND;
    while (performance.now() < until - 1 * SECOND) {
      page.visible();
      page.offline();
      page.online();
      page.document.dispatchEvent(new Event("resume"));
      chat.connect();
      await pass(500);
    }
    expect(attempts).toHaveLength(1);
    await pass(8 * SECOND);
    expect(chat.connection).toBe("open");
  });

  test("obeys Retry-After of the refresh too", async () => {
    const { server, chat } = await connected();
    server.tokens.clear();
    let busy = 1;
    server.intercept(({ path }) =>
      path === "/customer/token" && busy-- > 0 ? refusal(503, "unavailable", { "retry-after": "40" }) : undefined,
    );
    server.socket.drop();
    await pass(6 * SECOND);
    expect(server.calls("POST /customer/token")).toBe(2);
    for (let n = 0; n < 30; n++) page.visible(), page.online(), await pass(1 * SECOND);
    expect(server.calls("POST /customer/token")).toBe(2);
    await pass(20 * SECOND);
    expect(chat.connection).toBe("open");
    expect(server.calls("POST /customer/token")).toBe(3);
  });

  test("does not overflow the timer with a Retry-After of a year", async () => {
    const { server, attempts } = await connected();
    server.intercept((request) =>
      isTicket(request) ? json(429, { message: "busy" }, { "retry-after": "31536000" }) : undefined,
    );
    server.socket.drop();
    await pass(60 * MINUTE);
    expect(attempts.length + server.calls(TICKETS)).toBeLessThanOrEqual(3);
  });

  test("starts at most one attempt in 3 seconds because of events", async () => {
    const attempts: number[] = [];
    const server = new FakeServer();
    const fetch: typeof server.fetch = (input, init) => {
      if (String(input).endsWith("/tickets")) attempts.push(performance.now());
      return server.fetch(input, init);
    };
    chatWith(server, { fetch }).connect();
    await settle();
    server.intercept((request) => (isTicket(request) ? new Promise<never>(() => {}) : undefined));
    server.socket.drop();
    attempts.length = 0;
    const start = performance.now();
    for (let n = 0; n < 300; n++) {
      if (n % 3 === 0) page.offline();
      page.online();
      page.visible();
      await pass(100);
    }
    expect(performance.now() - start).toBe(30 * SECOND);
    expect(attempts.length).toBeGreaterThanOrEqual(7);
    expect(attempts.length).toBeLessThanOrEqual(12);
    // The first attempt may be that of the loss; all others are caused by events.
    const [, ...caused] = attempts;
    for (const [n, time] of caused.slice(1).entries()) {
      expect(time - caused[n]!).toBeGreaterThanOrEqual(3 * SECOND);
    }
  });

  test("abandons an attempt that hangs when the network changes", async () => {
    const { server, chat } = await connected();
    const mend = server.intercept((request) => (isTicket(request) ? new Promise<never>(() => {}) : undefined));
    vi.spyOn(Math, "random").mockReturnValue(0);
    server.socket.drop();
    await pass(10);
    expect(server.calls(TICKETS)).toBe(2);
    page.offline();
    await pass(2 * SECOND);
    mend();
    vi.spyOn(Math, "random").mockReturnValue(0.999);
    page.online();
    await pass(4 * SECOND); // An attempt follows the abandoned one after 3 seconds at the earliest.
    expect(chat.connection).toBe("open");
  });

  test("abandons a handshake that hangs, and closes its socket", async () => {
    const { server, chat } = await connected();
    const first = server.sockets.length;
    vi.spyOn(Math, "random").mockReturnValue(0);
    server.intercept((request) => {
      if (isTicket(request)) setTimeout(() => server.sockets[first] && (server.sockets[first].dead = true), 6);
      return undefined;
    });
    server.socket.drop();
    await pass(3 * SECOND);
    expect(server.socket.state).toBe("connecting");
    page.online();
    await pass(1 * SECOND);
    expect(server.sockets.map(({ state }) => state)).toEqual(["closed", "closed", "open"]);
    expect(chat.connection).toBe("open");
  });

  test("gives up a hanging attempt after 5 seconds", async () => {
    const { server, attempts } = await connected();
    server.intercept((request) =>
      isTicket(request) ? (attempts.push(performance.now()), new Promise<never>(() => {})) : undefined,
    );
    server.socket.drop();
    await pass(16 * SECOND);
    // The first starts within 5 seconds; the next ones 5 seconds after the one before.
    expect(attempts.length).toBeGreaterThanOrEqual(3);
    const [first, second, third] = attempts;
    expect((second! - first!) / SECOND).toBeCloseTo(5, 1);
    expect((third! - second!) / SECOND).toBeCloseTo(5, 1);
    await pass(10 * MINUTE);
    for (const [n, time] of attempts.slice(1).entries()) {
      expect(time - attempts[n]!).toBeLessThanOrEqual(40.1 * SECOND);
    }
  });

  test("is reconnected at most 5 seconds after an outage of 10 seconds", async () => {
    for (const answer of [() => new TypeError("fetch failed"), () => new Promise<never>(() => {})]) {
      for (const share of [0, 0.3, 0.6, 0.999]) {
        const { server, chat } = await connected();
        const mend = server.intercept((request) => (isTicket(request) ? answer() : undefined));
        vi.spyOn(Math, "random").mockReturnValue(share);
        server.socket.drop();
        await pass(10 * SECOND);
        mend();
        await pass(5.1 * SECOND);
        expect(chat.connection).toBe("open");
        chat.close();
      }
    }
  });

  test("goes on after a handshake that is rejected", async () => {
    const server = new FakeServer();
    const chat = chatWith(server);
    let rejected = 2;
    server.intercept((request) =>
      isTicket(request) && rejected-- > 0
        ? json(201, { ticket: "used", url: "/realtime?ticket=used", expiresIn: 30 })
        : undefined,
    );
    chat.connect();
    await pass(15 * SECOND);
    expect(server.sockets.map(({ state }) => state)).toEqual(["closed", "closed", "open"]);
  });

  test("reports offline at once, and open only after something arrived", async () => {
    const { server, chat, states } = await connected();
    server.socket.dead = true;
    const mend = server.intercept(() => new TypeError("fetch failed"));
    page.offline();
    expect(chat.connection).toBe("offline");
    await pass(30 * SECOND);
    expect(chat.connection).toBe("offline");
    mend();
    page.online();
    expect(chat.connection).toBe("connecting");
    await pass(1 * SECOND);
    expect(chat.connection).toBe("open");
    expect(states).toEqual(["connecting", "open", "offline", "connecting", "open"]);
  });

  test("keeps a connection that survives a short absence of the network", async () => {
    const { server, chat, states } = await connected();
    server.socket.dead = true;
    page.offline();
    await pass(1 * SECOND);
    server.socket.dead = false;
    page.online();
    server.say("the network is back");
    await pass(20 * SECOND);
    expect(chat.connection).toBe("open");
    expect(states.slice(2)).toEqual(["offline", "connecting", "open"]);
    expect(server.sockets).toHaveLength(1);
  });

  test("replaces a connection within a second of online if it does not answer", async () => {
    const { server, chat } = await connected();
    server.socket.dead = true;
    page.offline();
    await pass(3 * SECOND);
    page.online();
    await pass(1 * SECOND);
    expect(server.sockets).toHaveLength(2);
    expect(server.open).toEqual([server.socket]);
    expect(chat.connection).toBe("open");
  });

  test("trusts what arrives more than an offline event that is wrong", async () => {
    const { server, chat } = await connected();
    page.offline();
    expect(chat.connection).toBe("offline");
    await settle(); // The answer to the heartbeat.
    expect(chat.connection).toBe("open");
    server.socket.drop();
    await pass(6 * SECOND);
    expect(chat.connection).toBe("open"); // Although no online event came.
  });

  test("is offline from the start in a page without network", async () => {
    const server = new FakeServer();
    page.navigator.onLine = false;
    const mend = server.intercept(() => new TypeError("fetch failed"));
    const chat = chatWith(server);
    chat.connect();
    expect(chat.connection).toBe("offline");
    await pass(20 * SECOND);
    expect(chat.connection).toBe("offline");
    mend();
    page.online();
    await pass(1 * SECOND);
    expect(chat.connection).toBe("open");
  });

  test.each(Object.entries(wakes))("that %s sends a heartbeat at once, and finds a dead connection", async (_, wake) => {
    const { server } = await connected();
    const heartbeats = server.socket.sent("heartbeat").length;
    wake();
    expect(server.socket.sent("heartbeat")).toHaveLength(heartbeats + 1);
    await settle();
    server.socket.dead = true;
    wake();
    await pass(6 * SECOND);
    expect(server.sockets).toHaveLength(2);
    expect(server.open).toEqual([server.socket]);
  });

  test("finds a dead connection although events keep coming", async () => {
    const { server } = await connected();
    server.socket.dead = true;
    for (let n = 0; n < 12; n++) page.visible(), await pass(500);
    expect(server.open).toEqual([server.sockets[1]]);
  });

  test("that was frozen catches up within 5 seconds of its return", async () => {
    const { server, chat, room } = await inRoom();
    page.hidden();
    server.socket.dead = true;
    server.keep(7, "while frozen");
    await pass(60 * SECOND);
    page.document.visibilityState = "visible";
    page.document.dispatchEvent(new Event("resume"));
    await pass(5 * SECOND);
    expect(chat.connection).toBe("open");
    expect(room.messages).toEqual(server.messages);
  });

  test("that hears of a loss only after it woke reconnects within one second", async () => {
    const { server, chat } = await connected();
    // Browsers report the loss of a frozen page's connection after `resume`. A page may be hidden.
    page.hidden();
    page.document.dispatchEvent(new Event("resume"));
    server.socket.drop();
    await pass(1 * SECOND);
    expect(chat.connection).toBe("open");
    // Later losses may concern many clients.
    await pass(3 * SECOND);
    vi.spyOn(Math, "random").mockReturnValue(0.999);
    server.socket.drop();
    await pass(4 * SECOND);
    expect(chat.connection).toBe("connecting");
  });

  test("notices by itself that the computer has slept", async () => {
    const { server, chat } = await connected();
    server.socket.dead = true;
    // The monotonic clock and the timers stand still in a sleep; the wall clock goes on.
    vi.setSystemTime(Date.now() + 10 * MINUTE);
    await pass(15 * SECOND);
    expect(server.sockets).toHaveLength(2);
    expect(chat.connection).toBe("open");
  });

  test.each([[10 * MINUTE], [-10 * MINUTE]])("survives a wall clock that jumps by %d ms", async (jump) => {
    const { server, chat, states } = await connected();
    vi.setSystemTime(Date.now() + jump);
    await pass(3 * MINUTE);
    expect(server.sockets).toHaveLength(1);
    expect(chat.connection).toBe("open");
    expect(states).toEqual(["connecting", "open"]);
  });

  test("does nothing when it becomes hidden, nor after the end", async () => {
    const { server, chat } = await connected();
    server.socket.frames.length = 0;
    page.hidden();
    expect(server.socket.frames).toEqual([]);
    chat.close();
    page.visible();
    page.online();
    await settle();
    expect(server.sockets).toHaveLength(1);
    for (const target of [page.window, page.document]) {
      const added = vi.mocked(target.addEventListener).mock.calls;
      expect(vi.mocked(target.removeEventListener).mock.calls).toEqual(added);
      expect(new Set(added.map(([type]) => type)).size).toBe(added.length);
    }
  });
});
