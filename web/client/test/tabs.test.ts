/** Several tabs of one browser, which share cookies, locks and a channel. */

import { describe, expect, test, vi } from "vitest";
import type { Chat } from "../src/index.js";
import {
  chatWith,
  during,
  failure,
  inRoom,
  LOCK,
  pass,
  SECOND,
  settle,
  useFakeClock,
  watched,
} from "./fake/chat.js";
import { FakeServer, later, refusal } from "./fake/server.js";
import { FakeBrowser } from "./fake/tabs.js";

useFakeClock();

const TOKEN = "POST /customer/token";
const isToken = ({ path }: { path: string }): boolean => path === "/customer/token";

describe("tabs", () => {
  const browser = (count: number) => {
    const shared = new FakeBrowser();
    const server = new FakeServer();
    const open = () => chatWith(server, { tabs: shared.tab() });
    return { shared, server, chats: Array.from({ length: count }, open) };
  };

  test("that wake at once refresh once, all of them", async () => {
    const { server, chats } = browser(10);
    const calls = chats.flatMap((chat) => [
      chat.call("GET /customers/me"),
      chat.call("GET /customers/me"),
    ]);
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

  test("continue with the new token without waiting for the lock", async () => {
    const { server, chats } = browser(5);
    let done = 0;
    for (const chat of chats) void chat.resume().then(() => done++);
    await pass(45); // One refresh takes 10 ms, the message 20 ms, and the lock is kept for 50 ms.
    expect(done).toBe(5);
    expect(server.calls(TOKEN)).toBe(1);
    await settle();
  });

  test("refresh one after the other until one gets a token for all", async () => {
    const { server, chats } = browser(3);
    let failures = 1;
    server.intercept((request) =>
      isToken(request) && failures-- > 0 ? new TypeError("fetch failed") : undefined,
    );
    const outcomes = await during(Promise.allSettled(chats.map((chat) => chat.resume())));
    expect(outcomes.map(({ status }) => status).sort()).toEqual([
      "fulfilled",
      "fulfilled",
      "rejected",
    ]);
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

  test("of the other role and their cookie are not affected", async () => {
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

  test.each(["succeeds", "is rejected"])(
    "trust the login of another tab more than a refresh before it that %s",
    async (outcome) => {
      const { shared, server, chats } = browser(1);
      const [chat] = chats as [Chat];
      await during(chat.resume());
      server.tokens.clear();
      server.intercept(async (request) => {
        if (!isToken(request)) return undefined;
        await later(300);
        return outcome === "succeeds" ? undefined : refusal(400, "invalid_refresh_token");
      });
      const call = failure(chat.call("GET /customers/me"));
      await pass(50);
      // Its lock request was not in time, so it did not wait.
      const { accessToken, expiresIn } = (await server.issue(13).json()) as {
        accessToken: string;
        expiresIn: number;
      };
      shared
        .tab()
        .channel.postMessage({ role: "customer", token: { accessToken, expiresIn }, fresh: true });
      await call;
      expect([chat.session, chat.account]).toEqual(["loggedIn", 13]);
      await pass(SECOND);
      expect([chat.session, chat.account]).toEqual(["loggedIn", 13]);
    },
  );

  test("share nothing with a chat that was closed", async () => {
    const { chats } = browser(2);
    chats[1]!.close();
    await during(chats[0]!.logIn("haneul01", "sky-2026x"));
    expect(chats[1]!.session).toBe("unknown");
  });

  test("ignore other messages on the channel", async () => {
    const { shared, server, chats } = browser(1);
    await during(chats[0]!.resume());
    const stranger = shared.tab().channel;
    const tokens = [undefined, 5, {}, { accessToken: "a.b.c", expiresIn: 1 }];
    for (const data of [
      null,
      3,
      "x",
      [],
      {},
      { token: null },
      ...tokens.map((token) => ({ role: "customer", token })),
    ]) {
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

  test("delays a refresh by 5 seconds, not forever", async () => {
    const { server, chat } = await frozen();
    const resumed = chat.resume();
    await pass(4.9 * SECOND);
    expect(server.calls(TOKEN)).toBe(0);
    expect(await during(resumed, 200)).toBe(true);
    expect(chat.session).toBe("loggedIn");
  });

  test.each(["logIn", "logOut"] as const)("delays %s by 15 seconds, not forever", async (way) => {
    const { chat } = await frozen();
    await during(
      way === "logIn" ? chat.logIn("haneul01", "sky-2026x") : chat.logOut(),
      15.1 * SECOND,
    );
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
    const [request, made] = [
      vi.fn((_name: string, _options: object, held: () => Promise<unknown>) => held()),
      vi.fn(),
    ];
    vi.stubGlobal("navigator", { locks: { request } });
    vi.stubGlobal(
      "BroadcastChannel",
      class {
        constructor(name: string) {
          made(name);
        }
        postMessage() {}
        close() {}
      },
    );
    await during(chatWith(server).resume());
    expect(made).not.toHaveBeenCalled();
    expect(request).not.toHaveBeenCalled();

    vi.stubGlobal("document", new EventTarget());
    await during(chatWith(server).resume());
    expect(made).toHaveBeenCalledExactlyOnceWith(LOCK);
    expect(request).toHaveBeenCalledOnce();
  });

  test("that denies storage, locks and channels still refreshes", async () => {
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
