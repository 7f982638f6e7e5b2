import { describe, expect, test, vi } from "vitest";
import type { ChatError, SessionChange } from "../src/index.js";
import { chatWith, during, failure, MINUTE, pass, SECOND, settle, useFakeClock } from "./fake/chat.js";
import { FakeServer, later, refusal } from "./fake/server.js";
import { FakeBrowser } from "./fake/tabs.js";

useFakeClock();

const loggedIn = async (options: Parameters<typeof chatWith>[1] = {}) => {
  const server = new FakeServer();
  const chat = chatWith(server, options);
  const changes: SessionChange[] = [];
  chat.on("session", (change) => changes.push(change));
  await during(chat.logIn("haneul01", "sky-2026x"));
  return { server, chat, changes };
};

describe("an access token that is not good any more", () => {
  test("is refreshed once for fifty callers, and each gets its answer", async () => {
    const { server, chat } = await loggedIn();
    server.tokens.clear();
    const calls = Array.from({ length: 50 }, () => chat.call("GET /customers/me"));
    const answers = await during(Promise.all(calls));
    expect(answers.map(({ id }) => id)).toEqual(Array(50).fill(12));
    expect(server.calls("POST /token")).toBe(1);
  });

  test("is refreshed once even if the fifty find out at different times", async () => {
    const { server, chat } = await loggedIn();
    server.tokens.clear();
    server.intercept(async ({ path }) => (path === "/customers/me" ? void (await later(Math.random() * 500)) : undefined));
    await during(Promise.all(Array.from({ length: 50 }, () => chat.call("GET /customers/me"))), 3 * SECOND);
    expect(server.calls("POST /token")).toBe(1);
  });

  test("is refreshed by the first call after a page is loaded", async () => {
    const server = new FakeServer();
    const chat = chatWith(server);
    expect(chat.loggedIn).toBeUndefined();
    expect(await during(chat.call("GET /customers/me"))).toMatchObject({ id: 12 });
    expect(chat.loggedIn).toBe(true);
  });

  test("is told to the caller where a new one is refused too, without asking on and on", async () => {
    const { server, chat } = await loggedIn();
    server.intercept(({ path }) => (path === "/customers/me" ? refusal(401, "unauthenticated") : undefined));
    expect(await failure(chat.call("GET /customers/me"))).toMatchObject({ code: "unauthenticated" });
    expect(server.calls("GET /customers/me")).toBe(2);
    expect(server.calls("POST /token")).toBe(1);
  });
});

describe("a refresh", () => {
  test.each([0, 5 * MINUTE, -5 * MINUTE])("comes a little ahead of the token's end with the wall clock off by %d ms", async (off) => {
    const { server, chat } = await loggedIn();
    vi.setSystemTime(Date.now() + off);
    await pass(28 * MINUTE);
    await during(chat.call("GET /customers/me"));
    expect(server.calls("POST /token")).toBe(0);
    await pass(1 * MINUTE);
    await during(chat.call("GET /customers/me"));
    expect(server.calls("POST /token")).toBe(1);
    expect(server.calls("GET /customers/me")).toBe(2);
  });

  test.each([new TypeError("fetch failed"), refusal(503, "unavailable"), refusal(429, "too_many_attempts")])(
    "that fails with %s is no logout, and the next call tries again",
    async (answer) => {
      const { server, chat, changes } = await loggedIn();
      server.tokens.clear();
      const mend = server.intercept(({ path }) => (path === "/token" ? answer : undefined));
      expect((await failure(chat.call("GET /customers/me"))) as ChatError).toMatchObject({ transient: true });
      expect(chat.loggedIn).toBe(true);
      mend();
      expect(await during(chat.call("GET /customers/me"))).toMatchObject({ id: 12 });
      expect(changes).toEqual(["loggedIn"]);
    },
  );

  test("ahead of time that fails leaves the token in use, which is good for a little longer", async () => {
    const { server, chat } = await loggedIn();
    server.intercept(({ path }) => (path === "/token" ? refusal(503, "unavailable") : undefined));
    await pass(29 * MINUTE);
    expect(await during(chat.call("GET /customers/me"))).toMatchObject({ id: 12 });
  });

  test("that is refused is the end of the session: told once, and not asked again", async () => {
    const { server, chat, changes } = await loggedIn();
    server.tokens.clear();
    server.cookie = false;
    const calls = [chat.call("GET /customers/me"), chat.call("GET /customers/me")];
    for (const error of await Promise.all(calls.map((call) => failure(call)))) {
      expect(error).toMatchObject({ code: "unauthenticated" });
    }
    expect(await failure(chat.call("GET /customers/me"))).toMatchObject({ code: "unauthenticated" });
    expect(chat.loggedIn).toBe(false);
    expect(changes).toEqual(["loggedIn", "expired"]);
    expect(server.calls("POST /token")).toBe(1);
  });
});

describe("resuming", () => {
  test("says whether the cookie of an earlier login is good", async () => {
    const server = new FakeServer();
    expect(await during(chatWith(server).resume())).toBe(true);
    server.cookie = false;
    const chat = chatWith(server);
    expect(await during(chat.resume())).toBe(false);
    server.cookie = true;
    expect(await during(chat.resume())).toBe(true);
  });

  test("fails, and decides nothing, where the server cannot be reached", async () => {
    const server = new FakeServer();
    server.intercept(() => new TypeError("fetch failed"));
    const chat = chatWith(server);
    expect(await failure(chat.resume())).toMatchObject({ code: "network" });
    expect(chat.loggedIn).toBeUndefined();
  });
});

test("a logout that the server did not do changes nothing", async () => {
  const { server, chat, changes } = await loggedIn();
  server.intercept(({ path }) => (path === "/logout" ? new TypeError("fetch failed") : undefined));
  expect(await failure(chat.logOut())).toMatchObject({ code: "network" });
  expect(chat.loggedIn).toBe(true);
  expect(changes).toEqual(["loggedIn"]);
});

test("a login waits for a refresh that is under way, whose cookie would else overwrite its own", async () => {
  const { server, chat } = await loggedIn();
  server.tokens.clear();
  server.intercept(async ({ path }) => (path === "/token" ? void (await later(300)) : undefined));
  const call = chat.call("GET /customers/me");
  await pass(50);
  const login = chat.logIn("haneul01", "sky-2026x");
  await pass(200);
  expect(server.calls("POST /token")).toBe(1);
  expect(server.calls("POST /customer/session")).toBe(1);
  await during(Promise.all([call, login]), 2 * SECOND);
  expect(server.calls("POST /customer/session")).toBe(2);
});

describe("tabs", () => {
  const browser = (count: number) => {
    const shared = new FakeBrowser();
    const server = new FakeServer();
    const open = () => chatWith(server, { tabs: shared.tab() });
    return { shared, server, chats: Array.from({ length: count }, open) };
  };

  test("that wake at once refresh once, all of them", async () => {
    const { server, chats } = browser(5);
    const calls = chats.flatMap((chat) => [chat.call("GET /customers/me"), chat.call("GET /customers/me")]);
    await during(Promise.all(calls));
    expect(server.calls("POST /token")).toBe(1);
  });

  test("wait for their turn once each, however many callers they have", async () => {
    const { shared, server } = browser(0);
    const tab = shared.tab();
    const request = vi.spyOn(tab.locks!, "request");
    const chat = chatWith(server, { tabs: tab });
    await during(Promise.all(Array.from({ length: 50 }, () => chat.call("GET /customers/me"))));
    expect(request).toHaveBeenCalledOnce();
  });

  test("go on with the new token without waiting for their turn", async () => {
    const { server, chats } = browser(5);
    let done = 0;
    for (const chat of chats) void chat.resume().then(() => done++);
    await pass(45); // One refresh takes 10 ms, telling 20 ms, and the lock is kept for 50 ms.
    expect(done).toBe(5);
    expect(server.calls("POST /token")).toBe(1);
    await settle();
  });

  test("refresh one after the other where the first fails, until one gets a token for all", async () => {
    const { server, chats } = browser(3);
    let failures = 1;
    server.intercept(({ path }) => (path === "/token" && failures-- > 0 ? new TypeError("fetch failed") : undefined));
    const outcomes = await during(Promise.allSettled(chats.map((chat) => chat.resume())));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "fulfilled", "rejected"]);
    expect(server.calls("POST /token")).toBe(2);
  });

  test("are logged in when one logs in", async () => {
    const { server, chats } = browser(2);
    server.cookie = false;
    await during(Promise.all(chats.map((chat) => chat.resume())));
    await during(chats[0]!.logIn("haneul01", "sky-2026x"));
    expect(chats.map(({ loggedIn }) => loggedIn)).toEqual([true, true]);
    expect(await during(chats[1]!.call("GET /customers/me"))).toMatchObject({ id: 12 });
    expect(server.calls("POST /token")).toBe(2);
  });

  test("are logged out when one logs out", async () => {
    const { chats } = browser(2);
    const changes: SessionChange[] = [];
    chats[1]!.on("session", (change) => changes.push(change));
    await during(chats[0]!.logIn("haneul01", "sky-2026x"));
    await during(chats[0]!.logOut());
    expect(chats.map(({ loggedIn }) => loggedIn)).toEqual([false, false]);
    expect(changes).toEqual(["loggedIn", "loggedOut"]);
  });

  test("of the other role are logged out by a login: the cookie is not theirs any more", async () => {
    const { shared, server, chats } = browser(1);
    const company = chatWith(server, { role: "company", tabs: shared.tab() });
    await during(chats[0]!.logIn("haneul01", "sky-2026x"));
    expect(company.loggedIn).toBe(false);
    await during(company.logIn("bakery1", "bread-2026"));
    expect([chats[0]!.loggedIn, company.loggedIn]).toEqual([false, true]);
  });

  test("share nothing with a chat that was closed", async () => {
    const { chats } = browser(2);
    chats[1]!.close();
    await during(chats[0]!.logIn("haneul01", "sky-2026x"));
    expect(chats[1]!.loggedIn).toBeUndefined();
    expect(await during(chats[1]!.resume())).toBe(true);
  });

  test("are found by the chat itself in a browser, and only there", async () => {
    const server = new FakeServer();
    const [request, made] = [vi.fn((_: string, held: () => Promise<unknown>) => held()), vi.fn()];
    vi.stubGlobal("navigator", { locks: { request } });
    vi.stubGlobal("BroadcastChannel", class { constructor(name: string) { made(name); } postMessage() {} close() {} });
    await during(chatWith(server).resume());
    expect(made).not.toHaveBeenCalled();
    expect(request).not.toHaveBeenCalled();

    vi.stubGlobal("document", new EventTarget());
    await during(chatWith(server).resume());
    expect(made).toHaveBeenCalledExactlyOnceWith("chatchat https://api.chat.test");
    expect(request).toHaveBeenCalledOnce();
  });
});
