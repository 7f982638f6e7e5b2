import { describe, expect, test, vi } from "vitest";
import type { ChatError } from "../src/index.js";
import {
  chatWith,
  during,
  failure,
  LOCK,
  MINUTE,
  pass,
  SECOND,
  settle,
  useFakeClock,
  watched,
} from "./fake/chat.js";
import { FakeServer, json, later, refusal } from "./fake/server.js";
import { FakeBrowser } from "./fake/tabs.js";

useFakeClock();

const TOKEN = "POST /customer/token";
const isToken = ({ path }: { path: string }): boolean => path === "/customer/token";

const loggedIn = async (options: Parameters<typeof chatWith>[1] = {}) => {
  const server = new FakeServer();
  const chat = chatWith(server, options);
  const states = watched(chat);
  await during(chat.logIn("haneul01", "sky-2026x"));
  return { server, chat, states };
};

describe("an access token that is not valid any more", () => {
  test("is refreshed once for fifty callers, and each gets its answer", async () => {
    const { server, chat } = await loggedIn();
    server.tokens.clear();
    const calls = Array.from({ length: 50 }, () => chat.call("GET /customers/me"));
    const answers = await during(Promise.all(calls));
    expect(answers.map(({ id }) => id)).toEqual(Array(50).fill(12));
    expect(server.calls(TOKEN)).toBe(1);
  });

  test("is refreshed once even if the fifty fail at different times", async () => {
    const { server, chat } = await loggedIn();
    server.tokens.clear();
    server.intercept(async ({ path }) =>
      path === "/customers/me" ? void (await later(Math.random() * 500)) : undefined,
    );
    await during(
      Promise.all(Array.from({ length: 50 }, () => chat.call("GET /customers/me"))),
      3 * SECOND,
    );
    expect(server.calls(TOKEN)).toBe(1);
  });

  test("is refreshed by the first call after a page was loaded", async () => {
    const server = new FakeServer();
    const chat = chatWith(server);
    expect([chat.session, chat.account]).toEqual(["unknown", undefined]);
    expect(await during(chat.call("GET /customers/me"))).toMatchObject({ id: 12 });
    expect([chat.session, chat.account]).toEqual(["loggedIn", 12]);
  });

  test("fails the call when a new token is rejected too", async () => {
    const { server, chat } = await loggedIn();
    server.intercept(({ path }) =>
      path === "/customers/me" ? refusal(401, "unauthenticated") : undefined,
    );
    expect(await failure(chat.call("GET /customers/me"))).toMatchObject({
      code: "unauthenticated",
    });
    expect(server.calls("GET /customers/me")).toBe(2);
    expect(server.calls(TOKEN)).toBe(1);
  });

  test("does not fail a public route after the session has ended", async () => {
    const { server, chat } = await loggedIn();
    server.expire();
    server.intercept(({ path, headers }) =>
      path !== "/companies"
        ? undefined
        : headers.has("authorization")
          ? refusal(401, "unauthenticated")
          : json(200, { companySummaries: [], page: { current: 1, total: 0 } }),
    );
    expect(await during(chat.call("GET /companies"))).toMatchObject({ companySummaries: [] });
    expect(chat.session).toBe("expired");
  });
});

describe("a refresh", () => {
  test.each([0, 5 * MINUTE, -5 * MINUTE])(
    "happens in time with the wall clock off by %d ms",
    async (off) => {
      const { server, chat } = await loggedIn();
      vi.setSystemTime(Date.now() + off);
      await pass(28 * MINUTE);
      await during(chat.call("GET /customers/me"));
      expect(server.calls(TOKEN)).toBe(0);
      await pass(1 * MINUTE);
      await during(chat.call("GET /customers/me"));
      expect(server.calls(TOKEN)).toBe(1);
      expect(server.calls("GET /customers/me")).toBe(2);
    },
  );

  test("ahead of time does not delay the call", async () => {
    const { server, chat } = await loggedIn();
    server.intercept((request) => (isToken(request) ? new Promise<never>(() => {}) : undefined));
    await pass(29 * MINUTE);
    expect(await during(chat.call("GET /customers/me"), 15)).toMatchObject({ id: 12 });
  });

  test("ahead of time that fails is not repeated with each call", async () => {
    const { server, chat } = await loggedIn();
    server.intercept((request) => (isToken(request) ? refusal(503, "unavailable") : undefined));
    await pass(29 * MINUTE);
    for (let n = 0; n < 9; n++)
      expect(await during(chat.call("GET /customers/me"))).toMatchObject({ id: 12 });
    expect(server.calls(TOKEN)).toBe(1);
  });

  test.each([
    new TypeError("fetch failed"),
    refusal(503, "unavailable"),
    refusal(429, "too_many_requests"),
    json(200, "x"),
    json(201, { accessToken: "a", expiresIn: 1 }),
  ])("that fails with %s does not end the session", async (answer) => {
    const { server, chat, states } = await loggedIn();
    server.tokens.clear();
    const mend = server.intercept((request) => (isToken(request) ? answer : undefined));
    expect((await failure(chat.call("GET /customers/me"))) as ChatError).toMatchObject({
      transient: true,
    });
    expect(chat.session).toBe("loggedIn");
    mend();
    expect(await during(chat.call("GET /customers/me"))).toMatchObject({ id: 12 });
    expect(states).toEqual(["loggedIn"]);
  });

  test("obeys Retry-After: until then calls fail without a request", async () => {
    const { server, chat } = await loggedIn();
    server.tokens.clear();
    let busy = 1;
    server.intercept((request) =>
      isToken(request) && busy-- > 0
        ? refusal(429, "too_many_requests", { "retry-after": "60" })
        : undefined,
    );
    expect(await failure(chat.call("GET /customers/me"))).toMatchObject({
      code: "too_many_requests",
      retryAfter: 60,
    });
    await pass(29.5 * SECOND);
    expect(await failure(chat.call("GET /customers/me"))).toMatchObject({
      code: "too_many_requests",
      retryAfter: 30,
    });
    expect(server.calls(TOKEN)).toBe(1);
    await pass(31 * SECOND);
    expect(await during(chat.call("GET /customers/me"))).toMatchObject({ id: 12 });
  });

  test("that is rejected ends the session, and is not repeated", async () => {
    const { server, chat, states } = await loggedIn();
    server.expire();
    const calls = [chat.call("GET /customers/me"), chat.call("GET /customers/me")];
    for (const error of await Promise.all(calls.map((call) => failure(call)))) {
      expect(error).toMatchObject({ code: "unauthenticated" });
    }
    expect(await failure(chat.call("GET /customers/me"))).toMatchObject({
      code: "unauthenticated",
    });
    expect([chat.session, chat.account]).toEqual(["expired", 12]);
    expect(states).toEqual(["loggedIn", "expired"]);
    expect(server.calls(TOKEN)).toBe(1);
  });

  test("that hangs ends after 15 seconds, and the session continues", async () => {
    const { server, chat } = await loggedIn();
    server.tokens.clear();
    const mend = server.intercept((request) =>
      isToken(request) ? new Promise<never>(() => {}) : undefined,
    );
    expect(await failure(chat.call("GET /customers/me"), 16 * SECOND)).toMatchObject({
      code: "network",
    });
    mend();
    expect(await during(chat.call("GET /customers/me"))).toMatchObject({ id: 12 });
  });

  test("is not waited for after the caller's signal aborts", async () => {
    const { server, chat } = await loggedIn();
    server.tokens.clear();
    server.intercept((request) => (isToken(request) ? new Promise<never>(() => {}) : undefined));
    for (const wait of [
      (signal: AbortSignal) => chat.call("GET /customers/me", { signal }),
      (signal: AbortSignal) => chatWith(server).resume({ signal }),
    ]) {
      const ending = new AbortController();
      const waiting = wait(ending.signal);
      waiting.catch(() => {});
      await pass(50);
      ending.abort(new Error("not wanted any more"));
      await expect(waiting).rejects.toThrow("not wanted any more");
    }
  });
});

describe("resuming", () => {
  test("returns whether the cookie of an earlier login is valid", async () => {
    const server = new FakeServer();
    expect(await during(chatWith(server).resume())).toBe(true);
    server.cookies.clear();
    const chat = chatWith(server);
    const states = watched(chat);
    expect(await during(chat.resume())).toBe(false);
    expect(chat.session).toBe("loggedOut");
    server.cookies.set("customer", 12);
    expect(await during(chat.resume())).toBe(true);
    expect(states).toEqual(["loggedOut", "loggedIn"]);
  });

  test("fails without a state change when the server cannot be reached", async () => {
    const server = new FakeServer();
    server.intercept(() => new TypeError("fetch failed"));
    const chat = chatWith(server);
    expect(await failure(chat.resume())).toMatchObject({ code: "network" });
    expect(chat.session).toBe("unknown");
  });

  test("is done by connect, again and again until it is known", async () => {
    const server = new FakeServer();
    const mend = server.intercept(() => new TypeError("fetch failed"));
    const chat = chatWith(server);
    chat.connect();
    await pass(20 * SECOND);
    expect([chat.session, chat.connection]).toEqual(["unknown", "connecting"]);
    mend();
    await pass(20 * SECOND);
    expect([chat.session, chat.connection]).toEqual(["loggedIn", "open"]);
  });
});

describe("a logout", () => {
  test("that fails changes nothing", async () => {
    const { server, chat, states } = await loggedIn();
    server.intercept(({ method }) =>
      method === "DELETE" ? new TypeError("fetch failed") : undefined,
    );
    expect(await failure(chat.logOut())).toMatchObject({ code: "network" });
    expect(chat.session).toBe("loggedIn");
    expect(states).toEqual(["loggedIn"]);
  });

  test("is the outcome of a withdrawal too", async () => {
    const { chat, states } = await loggedIn();
    await during(chat.call("DELETE /customers/me", { body: { password: "sky-2026x" } }));
    expect([chat.session, chat.account]).toEqual(["loggedOut", undefined]);
    expect(states).toEqual(["loggedIn", "loggedOut"]);
  });

  test("whose response was lost is detected by the next call", async () => {
    const { server, chat } = await loggedIn();
    server.intercept(({ method }) => {
      if (method !== "DELETE") return undefined;
      server.expire();
      return new TypeError("fetch failed");
    });
    await failure(chat.logOut());
    await failure(chat.call("GET /customers/me"));
    expect(chat.session).toBe("expired");
  });
});

describe("changes of the session", () => {
  const LOG_IN = "POST /customer/session";
  const PASSWORD = "PATCH /customers/me/password";
  const passwords = {
    password: "sky-2026x",
    newPassword: "sky-2027x",
    confirmNewPassword: "sky-2027x",
  };

  test("wait for each other", async () => {
    const { server, chat } = await loggedIn();
    server.tokens.clear();
    server.intercept(async (request) => (isToken(request) ? void (await later(300)) : undefined));
    const call = chat.call("GET /customers/me");
    await pass(50);
    const login = chat.logIn("haneul01", "sky-2026x");
    await pass(200);
    expect(server.calls(TOKEN)).toBe(1);
    expect(server.calls(LOG_IN)).toBe(1);
    await during(Promise.all([call, login]), 2 * SECOND);
    expect(server.calls(LOG_IN)).toBe(2);
  });

  test("a change of the password and a refresh never run at the same time", async () => {
    const shared = new FakeBrowser();
    const server = new FakeServer();
    const [a, b] = [
      chatWith(server, { tabs: shared.tab() }),
      chatWith(server, { tabs: shared.tab() }),
    ];
    await during(Promise.all([a.resume(), b.resume()]));
    let [running, most] = [0, 0];
    server.intercept(async ({ method, path }) => {
      if (path !== "/customer/token" && `${method} ${path}` !== PASSWORD) return undefined;
      most = Math.max(most, ++running);
      await later(400);
      running--;
      return undefined;
    });
    const change = a.call(PASSWORD, { body: passwords });
    server.intercept(({ path }) =>
      path === "/customers/me" ? refusal(401, "unauthenticated") : undefined,
    );
    const refresh = failure(b.call("GET /customers/me"), 3 * SECOND);
    await during(change, 3 * SECOND);
    await refresh;
    expect(server.calls(TOKEN)).toBe(2);
    expect(server.calls(PASSWORD)).toBe(1);
    expect(most).toBe(1);
  });

  test("a change of the password refreshes outside of its lock", async () => {
    const shared = new FakeBrowser();
    const server = new FakeServer();
    const chat = chatWith(server, { tabs: shared.tab() });
    await during(chat.resume());
    server.tokens.clear();
    await during(chat.call(PASSWORD, { body: passwords }), SECOND);
    expect(server.calls(PASSWORD)).toBe(2);
    expect(chat.session).toBe("loggedIn");
  });

  test.each(["with", "without"])(
    "end by their signal %s locks, and do nothing afterwards",
    async (way) => {
      const shared = new FakeBrowser();
      const server = new FakeServer();
      const chat = chatWith(server, way === "with" ? { tabs: shared.tab() } : {});
      if (way === "with") shared.freeze(LOCK);
      else {
        server.intercept((request) =>
          isToken(request) ? new Promise<never>(() => {}) : undefined,
        );
        void chat.resume().catch(() => {});
      }
      await settle();
      const ending = new AbortController();
      const changes = [
        chat.logIn("haneul01", "sky-2026x", { signal: ending.signal }),
        chat.logOut({ signal: ending.signal }),
      ];
      for (const change of changes) change.catch(() => {});
      await pass(SECOND);
      ending.abort(new Error("not wanted any more"));
      for (const change of changes) await expect(change).rejects.toThrow("not wanted any more");
      await pass(60 * SECOND);
      expect(server.calls(LOG_IN)).toBe(0);
      expect(server.calls("DELETE /customer/session")).toBe(0);
    },
  );
});
