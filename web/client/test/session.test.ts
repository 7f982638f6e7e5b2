import { describe, expect, test, vi } from "vitest";
import type { Chat, ChatError, SessionState } from "../src/index.js";
import { chatWith, during, failure, inRoom, LOCK, MINUTE, pass, SECOND, settle, useFakeClock } from "./fake/chat.js";
import { FakeServer, json, later, refusal } from "./fake/server.js";
import { FakeBrowser } from "./fake/tabs.js";

useFakeClock();

const TOKEN = "POST /customer/token";
const isToken = ({ path }: { path: string }): boolean => path === "/customer/token";

const watched = (chat: Chat): SessionState[] => {
  const states: SessionState[] = [];
  chat.on("session", (state) => states.push(state));
  return states;
};

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

  test("is refreshed once even if the fifty find out at different times", async () => {
    const { server, chat } = await loggedIn();
    server.tokens.clear();
    server.intercept(async ({ path }) => (path === "/customers/me" ? void (await later(Math.random() * 500)) : undefined));
    await during(Promise.all(Array.from({ length: 50 }, () => chat.call("GET /customers/me"))), 3 * SECOND);
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
    server.intercept(({ path }) => (path === "/customers/me" ? refusal(401, "unauthenticated") : undefined));
    expect(await failure(chat.call("GET /customers/me"))).toMatchObject({ code: "unauthenticated" });
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
  test.each([0, 5 * MINUTE, -5 * MINUTE])("comes shortly before the token expires, with the wall clock off by %d ms", async (off) => {
    const { server, chat } = await loggedIn();
    vi.setSystemTime(Date.now() + off);
    await pass(28 * MINUTE);
    await during(chat.call("GET /customers/me"));
    expect(server.calls(TOKEN)).toBe(0);
    await pass(1 * MINUTE);
    await during(chat.call("GET /customers/me"));
    expect(server.calls(TOKEN)).toBe(1);
    expect(server.calls("GET /customers/me")).toBe(2);
  });

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
    for (let n = 0; n < 9; n++) expect(await during(chat.call("GET /customers/me"))).toMatchObject({ id: 12 });
    expect(server.calls(TOKEN)).toBe(1);
  });

  test.each([new TypeError("fetch failed"), refusal(503, "unavailable"), refusal(429, "too_many_requests"), json(200, "x"), json(201, { accessToken: "a", expiresIn: 1 })])(
    "that fails with %s does not end the session, and the next call tries again",
    async (answer) => {
      const { server, chat, states } = await loggedIn();
      server.tokens.clear();
      const mend = server.intercept((request) => (isToken(request) ? answer : undefined));
      expect((await failure(chat.call("GET /customers/me"))) as ChatError).toMatchObject({ transient: true });
      expect(chat.session).toBe("loggedIn");
      mend();
      expect(await during(chat.call("GET /customers/me"))).toMatchObject({ id: 12 });
      expect(states).toEqual(["loggedIn"]);
    },
  );

  test("obeys Retry-After: until then calls fail without a request", async () => {
    const { server, chat } = await loggedIn();
    server.tokens.clear();
    let busy = 1;
    server.intercept((request) =>
      isToken(request) && busy-- > 0 ? refusal(429, "too_many_requests", { "retry-after": "60" }) : undefined,
    );
    expect(await failure(chat.call("GET /customers/me"))).toMatchObject({ code: "too_many_requests", retryAfter: 60 });
    await pass(29.5 * SECOND);
    expect(await failure(chat.call("GET /customers/me"))).toMatchObject({ code: "too_many_requests", retryAfter: 30 });
    expect(server.calls(TOKEN)).toBe(1);
    await pass(31 * SECOND);
    expect(await during(chat.call("GET /customers/me"))).toMatchObject({ id: 12 });
  });

  test("that is rejected ends the session: reported once, and not requested again", async () => {
    const { server, chat, states } = await loggedIn();
    server.expire();
    const calls = [chat.call("GET /customers/me"), chat.call("GET /customers/me")];
    for (const error of await Promise.all(calls.map((call) => failure(call)))) {
      expect(error).toMatchObject({ code: "unauthenticated" });
    }
    expect(await failure(chat.call("GET /customers/me"))).toMatchObject({ code: "unauthenticated" });
    expect([chat.session, chat.account]).toEqual(["expired", 12]);
    expect(states).toEqual(["loggedIn", "expired"]);
    expect(server.calls(TOKEN)).toBe(1);
  });

  test("that hangs ends after 15 seconds, and the session goes on", async () => {
    const { server, chat } = await loggedIn();
    server.tokens.clear();
    const mend = server.intercept((request) => (isToken(request) ? new Promise<never>(() => {}) : undefined));
    expect(await failure(chat.call("GET /customers/me"), 16 * SECOND)).toMatchObject({ code: "network" });
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

  test("fails and decides nothing when the server cannot be reached", async () => {
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
  test("that the server did not do changes nothing", async () => {
    const { server, chat, states } = await loggedIn();
    server.intercept(({ method }) => (method === "DELETE" ? new TypeError("fetch failed") : undefined));
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

  test("whose response was lost is found by the next call", async () => {
    const { server, chat } = await loggedIn();
    server.intercept(({ method }) => (method === "DELETE" ? (server.expire(), new TypeError("fetch failed")) : undefined));
    await failure(chat.logOut());
    await failure(chat.call("GET /customers/me"));
    expect(chat.session).toBe("expired");
  });
});

describe("changes of the session", () => {
  const LOG_IN = "POST /customer/session";
  const PASSWORD = "PATCH /customers/me/password";
  const passwords = { password: "sky-2026x", newPassword: "sky-2027x", confirmNewPassword: "sky-2027x" };

  test("wait for each other: the cookie of one would overwrite that of the other", async () => {
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
    const [a, b] = [chatWith(server, { tabs: shared.tab() }), chatWith(server, { tabs: shared.tab() })];
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
    server.intercept(({ path }) => (path === "/customers/me" ? refusal(401, "unauthenticated") : undefined));
    const refresh = failure(b.call("GET /customers/me"), 3 * SECOND);
    await during(change, 3 * SECOND);
    await refresh;
    expect(server.calls(TOKEN)).toBe(2);
    expect(server.calls(PASSWORD)).toBe(1);
    expect(most).toBe(1);
  });

  test("a change of the password with an expired token refreshes outside of the lock", async () => {
    const shared = new FakeBrowser();
    const server = new FakeServer();
    const chat = chatWith(server, { tabs: shared.tab() });
    await during(chat.resume());
    server.tokens.clear();
    await during(chat.call(PASSWORD, { body: passwords }), SECOND);
    expect(server.calls(PASSWORD)).toBe(2);
    expect(chat.session).toBe("loggedIn");
  });

  test.each(["with", "without"])("end by their signal %s locks, and do nothing afterwards", async (way) => {
    const shared = new FakeBrowser();
    const server = new FakeServer();
    const chat = chatWith(server, way === "with" ? { tabs: shared.tab() } : {});
    if (way === "with") shared.freeze(LOCK);
    else {
      server.intercept((request) => (isToken(request) ? new Promise<never>(() => {}) : undefined));
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
  });
});

describe("tabs", () => {
  const browser = (count: number) => {
    const shared = new FakeBrowser();
    const server = new FakeServer();
    const open = () => chatWith(server, { tabs: shared.tab() });
    return { shared, server, chats: Array.from({ length: count }, open) };
  };

  test("that wake at once refresh once, all of them", async () => {
    const { server, chats } = browser(10);
    const calls = chats.flatMap((chat) => [chat.call("GET /customers/me"), chat.call("GET /customers/me")]);
    await during(Promise.all(calls));
    expect(server.calls(TOKEN)).toBe(1);
  });

  test("wait for their turn once each, however many callers they have", async () => {
    const { shared, server } = browser(0);
    const tab = shared.tab();
    const request = vi.spyOn(tab.locks, "request");
    const chat = chatWith(server, { tabs: tab });
    await during(Promise.all(Array.from({ length: 50 }, () => chat.call("GET /customers/me"))));
    expect(request).toHaveBeenCalledOnce();
  });

  test("go on with the new token without waiting for their turn", async () => {
    const { server, chats } = browser(5);
    let done = 0;
    for (const chat of chats) void chat.resume().then(() => done++);
    await pass(45); // One refresh takes 10 ms, the message 20 ms, and the lock is kept for 50 ms.
    expect(done).toBe(5);
    expect(server.calls(TOKEN)).toBe(1);
    await settle();
  });

  test("refresh one after the other while that fails, until one gets a token for all", async () => {
    const { server, chats } = browser(3);
    let failures = 1;
    server.intercept((request) => (isToken(request) && failures-- > 0 ? new TypeError("fetch failed") : undefined));
    const outcomes = await during(Promise.allSettled(chats.map((chat) => chat.resume())));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "fulfilled", "rejected"]);
    expect(server.calls(TOKEN)).toBe(2);
  });

  test("are logged in when one logs in", async () => {
    const { server, chats } = browser(2);
    server.cookies.clear();
    await during(Promise.all(chats.map((chat) => chat.resume())));
    await during(chats[0]!.logIn("haneul01", "sky-2026x"));
    expect(chats.map(({ session }) => session)).toEqual(["loggedIn", "loggedIn"]);
    expect(await during(chats[1]!.call("GET /customers/me"))).toMatchObject({ id: 12 });
    expect(server.calls(TOKEN)).toBe(2);
  });

  test("are logged out when one logs out", async () => {
    const { chats } = browser(2);
    const states = watched(chats[1]!);
    await during(chats[0]!.logIn("haneul01", "sky-2026x"));
    await during(chats[0]!.logOut());
    expect(chats.map(({ session }) => session)).toEqual(["loggedOut", "loggedOut"]);
    expect(states).toEqual(["loggedIn", "loggedOut"]);
  });

  test("of the other role are not concerned, and neither is their cookie", async () => {
    const { shared, server, chats } = browser(1);
    const [customer] = chats as [Chat];
    const company = chatWith(server, { role: "company", tabs: shared.tab() });
    const states = watched(company);

    expect(await during(company.resume())).toBe(false); // The cookie is a customer's.
    await during(customer.logIn("haneul01", "sky-2026x"));
    expect([customer.session, company.session]).toEqual(["loggedIn", "loggedOut"]);
    await during(company.logIn("bakery1", "bread-2026"));
    expect([customer.session, company.session]).toEqual(["loggedIn", "loggedIn"]);
    expect([customer.account, company.account]).toEqual([12, 7]);
    await during(customer.logOut());
    expect([customer.session, company.session]).toEqual(["loggedOut", "loggedIn"]);
    expect(states).toEqual(["loggedOut", "loggedIn"]);
    const paths = server.requests.map(({ path }) => path);
    expect(paths.filter((path) => /session|token|logout/.test(path))).toEqual([
      "/company/token",
      "/customer/session",
      "/company/session",
      "/customer/session",
    ]);
  });

  test("share nothing with a chat that was closed", async () => {
    const { chats } = browser(2);
    chats[1]!.close();
    await during(chats[0]!.logIn("haneul01", "sky-2026x"));
    expect(chats[1]!.session).toBe("unknown");
  });

  test("ignore what is not theirs on the channel", async () => {
    const { shared, server, chats } = browser(1);
    await during(chats[0]!.resume());
    const stranger = shared.tab().channel;
    const tokens = [undefined, 5, {}, { accessToken: "a.b.c", expiresIn: 1 }];
    for (const data of [null, 3, "x", [], {}, { token: null }, ...tokens.map((token) => ({ role: "customer", token }))]) {
      stranger.postMessage(data);
    }
    await settle();
    expect([chats[0]!.session, chats[0]!.account]).toEqual(["loggedIn", 12]);
    expect(await during(chats[0]!.call("GET /customers/me"))).toMatchObject({ id: 12 });
    expect(server.calls(TOKEN)).toBe(1);
  });
});

describe("a lock that another tab never releases", () => {
  const frozen = async () => {
    const shared = new FakeBrowser();
    shared.freeze(LOCK);
    const server = new FakeServer();
    const chat = chatWith(server, { tabs: shared.tab() });
    return { server, chat };
  };

  test("delays a refresh by 5 seconds, not for ever", async () => {
    const { server, chat } = await frozen();
    const resumed = chat.resume();
    await pass(4.9 * SECOND);
    expect(server.calls(TOKEN)).toBe(0);
    expect(await during(resumed, 200)).toBe(true);
    expect(chat.session).toBe("loggedIn");
  });

  test.each(["logIn", "logOut"] as const)("delays %s by 15 seconds, not for ever", async (way) => {
    const { chat } = await frozen();
    await during(way === "logIn" ? chat.logIn("haneul01", "sky-2026x") : chat.logOut(), 15.1 * SECOND);
    expect(chat.session).toBe(way === "logIn" ? "loggedIn" : "loggedOut");
  });

  test("does not keep the connection closed", async () => {
    const { chat } = await frozen();
    chat.connect();
    await pass(15 * SECOND);
    expect(chat.connection).toBe("open");
  });

  test("leaves no timer behind when the chat is closed", async () => {
    const { chat } = await frozen();
    chat.connect();
    void chat.resume().catch(() => {});
    await pass(SECOND);
    chat.close();
    await settle();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a browser", () => {
  test("is asked for locks and a channel, and other programs are not", async () => {
    const server = new FakeServer();
    const [request, made] = [vi.fn((_name: string, _options: object, held: () => Promise<unknown>) => held()), vi.fn()];
    vi.stubGlobal("navigator", { locks: { request } });
    vi.stubGlobal("BroadcastChannel", class { constructor(name: string) { made(name); } postMessage() {} close() {} });
    await during(chatWith(server).resume());
    expect(made).not.toHaveBeenCalled();
    expect(request).not.toHaveBeenCalled();

    vi.stubGlobal("document", new EventTarget());
    await during(chatWith(server).resume());
    expect(made).toHaveBeenCalledExactlyOnceWith(LOCK);
    expect(request).toHaveBeenCalledOnce();
  });

  test("that denies storage, locks and channels still logs in and refreshes", async () => {
    const denied = () => {
      throw new DOMException("The operation is insecure.", "SecurityError");
    };
    vi.stubGlobal("navigator", { locks: { request: async () => denied() } });
    vi.stubGlobal("BroadcastChannel", denied);
    vi.stubGlobal("document", new EventTarget());
    const { server, chat } = await inRoom(1, { keep: { load: denied, save: denied } });
    server.tokens.clear();
    const calls = Array.from({ length: 5 }, () => chat.call("GET /customers/me"));
    await during(Promise.all(calls));
    expect(server.calls(TOKEN)).toBe(2);
    await during(chat.logIn("haneul01", "sky-2026x"));
    await during(chat.logOut());
    expect(chat.session).toBe("loggedOut");
  });
});
