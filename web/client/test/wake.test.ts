/** Events of the browser: offline and online, sleep and wake, hidden and visible. */

import { describe, expect, test, vi } from "vitest";
import {
  chatWith,
  connected,
  inRoom,
  MINUTE,
  pass,
  SECOND,
  settle,
  useFakeClock,
} from "./fake/chat.js";
import { useFakePage } from "./fake/page.js";
import { FakeServer } from "./fake/server.js";

useFakeClock();

const QUEUED = JSON.stringify({ type: "heartbeat", rooms: [] });

describe("a client in a page", () => {
  const page = useFakePage();

  const wakes = { "becomes visible": () => page.visible(), "is online again": () => page.online() };

  test("reports offline immediately, and open only after a frame arrived", async () => {
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

  test("replaces a connection that does not answer after online", async () => {
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

  test("is open again when a frame arrives after a wrong offline event", async () => {
    const { server, chat } = await connected();
    page.offline();
    expect(chat.connection).toBe("offline");
    await pass(300); // The heartbeat and its answer.
    expect(chat.connection).toBe("open");
    server.socket.drop();
    await pass(6 * SECOND);
    expect(chat.connection).toBe("open"); // Without an online event.
  });

  test("stays offline when a frame arrives that was queued before the event", async () => {
    const { server, chat } = await connected();
    server.socket.dead = true;
    page.offline();
    server.socket.arriveLate(QUEUED);
    await pass(7 * SECOND);
    expect(chat.connection).toBe("offline");
  });

  test("replaces a dead connection after a frame that was queued during sleep", async () => {
    const { server, chat } = await connected();
    server.socket.dead = true;
    page.document.dispatchEvent(new Event("resume"));
    server.socket.arriveLate(QUEUED);
    await pass(3 * SECOND);
    expect(server.open).toEqual([server.sockets[1]]);
    expect(chat.connection).toBe("open");
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

  test.each(Object.entries(wakes))(
    "that %s sends a heartbeat within 250 ms, and detects a dead connection",
    async (_, wake) => {
      const { server } = await connected();
      const heartbeats = server.socket.sent("heartbeat").length;
      wake();
      await pass(250);
      expect(server.socket.sent("heartbeat")).toHaveLength(heartbeats + 1);
      await settle();
      server.socket.dead = true;
      wake();
      await pass(6 * SECOND);
      expect(server.sockets).toHaveLength(2);
      expect(server.open).toEqual([server.socket]);
    },
  );

  test("finds a dead connection although events keep coming", async () => {
    const { server } = await connected();
    server.socket.dead = true;
    for (let n = 0; n < 12; n++) {
      page.visible();
      await pass(500);
    }
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

  test("that detects a loss just after it woke reconnects immediately", async () => {
    const { server, chat } = await connected();
    // Browsers report the loss of a frozen page's connection after `resume`. A page may be hidden.
    page.hidden();
    vi.spyOn(Math, "random").mockReturnValue(0.999);
    page.document.dispatchEvent(new Event("resume"));
    server.socket.drop();
    await pass(1 * SECOND);
    expect(chat.connection).toBe("open");
    // Later losses may affect many clients.
    await pass(3 * SECOND);
    server.socket.drop();
    await pass(4 * SECOND);
    expect(chat.connection).toBe("connecting");
  });

  test("detects that the computer has slept", async () => {
    const { server, chat } = await connected();
    server.socket.dead = true;
    // During sleep, the monotonic clock and the timers stop, and the wall clock continues.
    vi.setSystemTime(Date.now() + 10 * MINUTE);
    await pass(15 * SECOND);
    expect(server.sockets).toHaveLength(2);
    expect(chat.connection).toBe("open");
  });

  test.each([[10 * MINUTE], [-10 * MINUTE]])(
    "survives a wall clock that jumps by %d ms",
    async (jump) => {
      const { server, chat, states } = await connected();
      vi.setSystemTime(Date.now() + jump);
      await pass(3 * MINUTE);
      expect(server.sockets).toHaveLength(1);
      expect(chat.connection).toBe("open");
      expect(states).toEqual(["connecting", "open"]);
    },
  );

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
