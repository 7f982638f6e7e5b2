import { describe, expect, test, vi } from "vitest";
import { chatWith, connected, MINUTE, pass, SECOND, settle, useFakeClock } from "./fake/chat.js";
import { useFakePage } from "./fake/page.js";
import { FakeServer, json, type Request, refusal } from "./fake/server.js";

useFakeClock();

const TICKETS = "POST /realtime/tickets";
const isTicket = ({ path }: Request): boolean => path === "/realtime/tickets";

describe("one client", () => {
  const page = useFakePage();

  const wakes = { "becomes visible": () => page.visible(), "is online again": () => page.online() };

  test.each([0, 0.5, 0.999])(
    "waits a random share (%d) of 5 seconds after a loss",
    async (share) => {
      const { server, attempts } = await connected();
      vi.spyOn(Math, "random").mockReturnValue(share);
      const lostAt = performance.now();
      server.socket.drop();
      await pass(6 * SECOND);
      expect(attempts).toHaveLength(1);
      expect((attempts[0]! - lostAt) / SECOND).toBeCloseTo(share * 5, 1);
    },
  );

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

  test("slows down to one attempt in 20 to 40 seconds", async () => {
    const { server, attempts } = await connected();
    const mend = server.intercept((request) => {
      if (!isTicket(request)) return undefined;
      attempts.push(performance.now());
      return new TypeError("fetch failed");
    });
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

  test.each(["before an answer comes", "after an error"])(
    "slows down when connections end %s",
    async (when) => {
      const { server, attempts } = await connected();
      server.intercept((request) => {
        if (isTicket(request)) {
          const known = server.sockets.length;
          const socket = () => server.sockets[known];
          if (when === "after an error") {
            setTimeout(
              () =>
                socket()?.arrive(
                  JSON.stringify({ type: "error", code: "internal", message: "오류" }),
                ),
              18,
            );
          }
          setTimeout(() => socket()?.drop(), 20);
        }
        return undefined;
      });
      for (const socket of server.open) socket.drop();
      await pass(20 * MINUTE);
      expect(attempts.length).toBeLessThan(60);
      expect(server.open).toEqual([]);
    },
  );

  test.each([429, 503])("obeys Retry-After of %d during all events", async (status) => {
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
      path === "/customer/token" && busy-- > 0
        ? refusal(503, "unavailable", { "retry-after": "40" })
        : undefined,
    );
    server.socket.drop();
    await pass(6 * SECOND);
    expect(server.calls("POST /customer/token")).toBe(2);
    for (let n = 0; n < 30; n++) {
      page.visible();
      page.online();
      await pass(1 * SECOND);
    }
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
    const mend = server.intercept((request) =>
      isTicket(request) ? new Promise<never>(() => {}) : undefined,
    );
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
      if (isTicket(request)) {
        setTimeout(() => {
          const socket = server.sockets[first];
          if (socket) socket.dead = true;
        }, 6);
      }
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

  test("ends a hanging attempt after 5 seconds", async () => {
    const { server, attempts } = await connected();
    server.intercept((request) => {
      if (!isTicket(request)) return undefined;
      attempts.push(performance.now());
      return new Promise<never>(() => {});
    });
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
    for (const answer of [
      () => new TypeError("fetch failed"),
      () => new Promise<never>(() => {}),
    ]) {
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

  test("continues after a rejected handshake", async () => {
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
});
