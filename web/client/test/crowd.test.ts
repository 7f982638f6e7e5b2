import { describe, expect, test } from "vitest";
import { type Chat, createChat } from "../src/index.js";
import { MINUTE, SECOND, URL_OF_API } from "./fake/chat.js";
import { FastClock } from "./fake/clock.js";
import { FakeServer, type Request, refusal } from "./fake/server.js";

const isTicket = ({ path }: Request): boolean => path === "/realtime/tickets";

/** The largest number of times within any one second. */
const peak = (times: readonly number[]): number => {
  const sorted = [...times].sort((a, b) => a - b);
  let [from, most] = [0, 0];
  for (const [to, time] of sorted.entries()) {
    while (time - sorted[from]! >= SECOND) from++;
    most = Math.max(most, to - from + 1);
  }
  return most;
};

describe("2,000 clients that lose their connections together", () => {
  const COUNT = 2_000;

  /** Clients that connected together. */
  const crowd = async (count = COUNT) => {
    const clock = new FastClock();
    clock.install();
    const server = new FakeServer();
    const chats: Chat[] = [];
    for (let n = 0; n < count; n++) {
      const chat = createChat({
        url: URL_OF_API,
        role: "customer",
        fetch: server.fetch,
        WebSocket: server.WebSocket,
      });
      chats.push(chat);
      chat.connect();
    }
    await clock.pass(100);
    expect(server.open).toHaveLength(count);
    const attempts: number[] = [];
    server.intercept((request) => {
      if (isTicket(request)) attempts.push(clock.now);
      return undefined;
    });
    const lose = (): void => {
      for (const socket of server.open) socket.drop();
    };
    const end = (): void => {
      for (const chat of chats) chat.close();
    };
    return { clock, server, attempts, lose, end };
  };

  test("come back within 5 seconds, at most a quarter in any second", async () => {
    const { clock, server, attempts, lose, end } = await crowd();
    lose();
    await clock.pass(6 * SECOND);
    expect(server.open).toHaveLength(COUNT);
    expect(attempts).toHaveLength(COUNT);
    expect(peak(attempts)).toBeLessThanOrEqual(COUNT / 4);
    end();
  }, 60_000);

  test.each([
    ["refuses connections", () => new TypeError("fetch failed")],
    ["does not answer", () => new Promise<never>(() => {})],
    ["answers 503", () => refusal(503, "unavailable")],
  ])(
    "stay spread while the server %s for a minute",
    async (_, answer) => {
      const { clock, server, attempts, lose, end } = await crowd();
      const mend = server.intercept((request) => {
        if (!isTicket(request)) return undefined;
        attempts.push(clock.now);
        return answer();
      });
      lose();
      await clock.pass(60 * SECOND);
      mend();
      await clock.pass(45 * SECOND);
      expect(server.open).toHaveLength(COUNT);
      expect(attempts.length).toBeGreaterThan(5 * COUNT);
      expect(peak(attempts)).toBeLessThanOrEqual(COUNT / 4);
      end();
    },
    60_000,
  );

  test("stay spread when Retry-After names one moment for all", async () => {
    const { clock, server, attempts, lose, end } = await crowd();
    const until = clock.now + 40 * SECOND;
    server.intercept((request) => {
      const left = (until - clock.now) / SECOND;
      if (isTicket(request) && left > 0) attempts.push(clock.now);
      return isTicket(request) && left > 0
        ? refusal(429, "too_many_requests", { "retry-after": String(Math.ceil(left)) })
        : undefined;
    });
    lose();
    await clock.pass(60 * SECOND);
    expect(server.open).toHaveLength(COUNT);
    expect(peak(attempts)).toBeLessThanOrEqual(COUNT / 4);
    end();
  }, 60_000);

  test("stay spread when they lose their connections again and again", async () => {
    const { clock, server, attempts, lose, end } = await crowd();
    lose();
    for (let n = 0; n < 4; n++) {
      await clock.pass(7 * SECOND);
      lose();
    }
    await clock.pass(60 * SECOND);
    expect(server.open).toHaveLength(COUNT);
    expect(peak(attempts)).toBeLessThanOrEqual(COUNT / 4);
    end();
  }, 60_000);

  test("replace their connections over twenty minutes", async () => {
    const count = 500;
    const { clock, attempts, end } = await crowd(count);
    await clock.pass(111 * MINUTE);
    expect(attempts).toHaveLength(count);
    expect(peak(attempts)).toBeLessThanOrEqual(count / 50);
    end();
  }, 60_000);
});
