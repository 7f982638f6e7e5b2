/** What a client does when it is over a limit of the server, or blocked. */

import { describe, expect, test, vi } from "vitest";
import type { Chat } from "../src/index.js";
import {
  chatWith,
  during,
  failure,
  inRoom,
  MINUTE,
  pass,
  SECOND,
  settle,
  shown,
  useFakeClock,
} from "./fake/chat.js";
import { useFakePage } from "./fake/page.js";
import { COMPANY, FakeServer, json, PATH, ROOM, refusal } from "./fake/server.js";
import type { FakeSocket, Sent } from "./fake/socket.js";
import { FakeBrowser } from "./fake/tabs.js";

useFakeClock();

const TICKETS = "POST /realtime/tickets";

/** Rejects messages until the returned function is called, and notes when they came. */
const limit = (socket: FakeSocket, code: "too_many_requests" | "blocked") => {
  const times: number[] = [];
  socket.handles = ({ action, clientMessageId }: Sent) => {
    if (action !== "sendMessage") return false;
    times.push(performance.now());
    const id = clientMessageId && { clientMessageId };
    socket.deliver({ type: "error", code, message: `refused: ${code}`, ...id });
    return true;
  };
  return {
    times,
    end: () => {
      socket.handles = () => false;
    },
  };
};

describe("messages over the limit", () => {
  test("wait longer after each rejection, and keep their order", async () => {
    const { server, room } = await inRoom(0);
    vi.spyOn(Math, "random").mockReturnValue(0);
    const limited = limit(server.socket, "too_many_requests");
    for (const content of ["one", "two", "three"]) room.send(content);
    await pass(8 * SECOND);
    const waits = limited.times.slice(1).map((time, n) => time - limited.times[n]!);
    expect(waits.map((wait) => Math.round(wait / 100) / 10)).toEqual([0.5, 1, 2, 4]);
    expect(room.pending.map(({ state }) => state)).toEqual(["sending", "sending", "sending"]);
    limited.end();
    await pass(10 * SECOND);
    expect(server.messages.map(({ content }) => content)).toEqual(["one", "two", "three"]);
    expect(room.pending).toEqual([]);
  });

  test("fail after a minute or two, and only a retry sends them again", async () => {
    const { server, room } = await inRoom(0);
    const limited = limit(server.socket, "too_many_requests");
    for (const content of ["one", "two", "three"]) room.send(content);
    await pass(50 * SECOND);
    expect(room.pending.map(({ state }) => state)).toEqual(["sending", "sending", "sending"]);
    await pass(75 * SECOND);
    expect(room.pending).toMatchObject(
      ["one", "two", "three"].map((content) => ({
        content,
        state: "failed",
        error: { code: "too_many_requests", transient: true },
      })),
    );
    expect(limited.times).toHaveLength(9);
    await pass(12 * 60 * MINUTE);
    expect(server.sockets.flatMap((socket) => socket.sent("sendMessage"))).toHaveLength(9);
    limited.end();
    for (const { clientMessageId } of room.pending) room.retry(clientMessageId);
    await settle();
    expect(shown(room)).toEqual(["one", "two", "three"]);
    expect(server.messages).toHaveLength(3);
  });
});

test("an error of another message does not fail the one under way", async () => {
  const { server, room } = await inRoom(0);
  const limited = limit(server.socket, "too_many_requests");
  room.send("under way");
  const { clientMessageId } = room.send("later");
  while (limited.times.length < 8) await pass(SECOND);
  const error = { type: "error", code: "too_many_requests", message: "limit" } as const;
  await settle();
  server.socket.deliver({ ...error, clientMessageId });
  await settle();
  expect(room.pending).toMatchObject([{ state: "sending" }, { state: "sending" }]);
});

describe("a renewal over the limit", () => {
  test("is not repeated before Retry-After has passed", async () => {
    const server = new FakeServer();
    let isOver = true;
    server.intercept(({ path }) =>
      path === "/customer/token" && isOver
        ? refusal(429, "too_many_requests", { "retry-after": "20" })
        : undefined,
    );
    const chat = chatWith(server);
    chat.connect();
    await settle();
    isOver = false;
    for (let n = 0; n < 19; n++) {
      await failure(chat.call("GET /customers/me"), 900);
    }
    expect(server.calls("POST /customer/token")).toBe(1);
    await pass(10 * SECOND);
    expect(chat.connection).toBe("open");
    expect(server.calls("POST /customer/token")).toBe(2);
  });
});

describe("more tabs than an account may have connections", () => {
  const page = useFakePage();

  const open = async (count: number) => {
    const server = new FakeServer();
    server.maxConnections = 10;
    const browser = new FakeBrowser();
    browser.delayMs = 5;
    const chats: Chat[] = [];
    for (let n = 0; n < count; n++) {
      const chat = chatWith(server, { tabs: browser.tab() });
      chats.push(chat);
      chat.connect();
      await pass(10 * SECOND);
    }
    const states = () => chats.map(({ connection }) => connection);
    return { server, chats, states };
  };

  test("do not close each other's connections while they are hidden", async () => {
    page.hidden();
    const { server, states } = await open(12);
    await pass(25 * MINUTE);
    expect(server.calls(TICKETS)).toBe(12);
    expect(states()).toEqual([...Array(2).fill("connecting"), ...Array(10).fill("open")]);
  });

  test("connect at once when they become visible", async () => {
    page.hidden();
    const { server, chats, states } = await open(11);
    await pass(MINUTE);
    page.visible();
    page.hidden();
    await pass(2 * SECOND);
    expect(chats[0]!.connection).toBe("open");
    await pass(10 * MINUTE);
    expect(server.calls(TICKETS)).toBe(12);
    expect(states().filter((state) => state === "connecting")).toHaveLength(1);
  });

  test("try again after half an hour, because another tab may have been closed", async () => {
    page.hidden();
    const { chats, states } = await open(11);
    await pass(20 * MINUTE);
    chats[5]!.close();
    await pass(11 * MINUTE);
    expect(states().filter((state) => state === "open")).toHaveLength(10);
  });

  test("reconnect at once after a loss that no other tab caused", async () => {
    page.hidden();
    const { server, states } = await open(3);
    await pass(MINUTE);
    for (const socket of server.open) socket.drop();
    await pass(6 * SECOND);
    expect(states()).toEqual(["open", "open", "open"]);
  });
});

describe("a hidden tab that loses its connection while another tab opens one", () => {
  const page = useFakePage();

  test("reconnects at once", async () => {
    const server = new FakeServer();
    const browser = new FakeBrowser();
    browser.delayMs = 5;
    const [first, second] = [1, 2].map(() => chatWith(server, { tabs: browser.tab() }));
    first!.connect();
    await pass(10 * SECOND);
    page.hidden();
    second!.connect();
    await pass(SECOND);
    server.open[0]!.drop();
    await pass(6 * SECOND);
    expect(first!.connection).toBe("open");
  });
});

describe("a blocked customer", () => {
  test("sees the block with the rejection of a message, without another response", async () => {
    const { server, room } = await inRoom();
    limit(server.socket, "blocked");
    server.intercept(({ path }) => (path === PATH ? new Promise<never>(() => {}) : undefined));
    room.send("still there?");
    await settle();
    expect(room.receiver).toMatchObject({ receiverId: COMPANY, blocked: true });
    expect(room.pending).toMatchObject([{ state: "failed", error: { code: "blocked" } }]);
    expect(shown(room)).toEqual(["before 1", "still there?"]);
  });

  test("sees the end of the block after a reconnect, and can send then", async () => {
    const { server, room } = await inRoom();
    server.blocked = true;
    const blocked = limit(server.socket, "blocked");
    const { clientMessageId } = room.send("hello?");
    await settle();
    expect(room.receiver).toMatchObject({ blocked: true });
    server.blocked = false;
    blocked.end();
    server.socket.drop();
    await pass(6 * SECOND);
    expect(room.receiver).toMatchObject({ blocked: false });
    room.retry(clientMessageId);
    await settle();
    expect(room.pending).toEqual([]);
  });

  test("sees the end of the block when the company writes", async () => {
    const server = new FakeServer();
    server.keep(COMPANY, "hello");
    server.blocked = true;
    const chat = chatWith(server);
    chat.connect();
    const room = chat.room(ROOM);
    await settle();
    expect(room.receiver).toMatchObject({ blocked: true });
    server.blocked = false;
    server.say("you can write again");
    await settle();
    expect(room.receiver).toMatchObject({ blocked: false });
  });
});

describe("a company", () => {
  const BLOCK = `/company/chatrooms/${ROOM}/block`;

  const company = async () => {
    const server = new FakeServer();
    server.cookies.set("company", COMPANY);
    const changes: string[] = [];
    server.intercept(({ method, path }) => {
      if (path === BLOCK) {
        server.blocked = method === "PUT";
        changes.push(method);
        return json(204, null);
      }
      const { blocked } = server;
      const markers = { readSeq: 0, receiverReadSeq: 0, lastSeq: 0, messages: [] };
      const receiver = { receiverId: 12, receiverName: "김하늘", receiverImageUrl: null };
      return path === `/company/chatrooms/${ROOM}`
        ? json(200, { id: ROOM, ...receiver, receiverDeleted: false, ...markers, blocked })
        : undefined;
    });
    const chat = chatWith(server, { role: "company" });
    const room = chat.room(ROOM);
    await settle();
    return { server, room, changes };
  };

  test("blocks and unblocks the customer of a room", async () => {
    const { room, changes } = await company();
    expect(room.receiver).toMatchObject({ blocked: false });
    await during(room.block());
    expect(room.receiver).toMatchObject({ receiverName: "김하늘", blocked: true });
    await during(room.unblock());
    expect(room.receiver).toMatchObject({ blocked: false });
    expect(changes).toEqual(["PUT", "DELETE"]);
  });

  test("sees the block although an older response arrives after it", async () => {
    const { server, room } = await company();
    let isFirst = true;
    server.intercept(async ({ path }) => {
      if (path !== `/company/chatrooms/${ROOM}` || !isFirst) return undefined;
      isFirst = false;
      const stale = { receiverId: 12, receiverName: "김하늘", receiverImageUrl: null };
      const markers = { readSeq: 0, receiverReadSeq: 0, lastSeq: 0, messages: [] };
      await new Promise((resolve) => setTimeout(resolve, 200));
      return json(200, { id: ROOM, ...stale, receiverDeleted: false, ...markers, blocked: false });
    });
    room.refresh();
    await during(room.block());
    expect(room.receiver).toMatchObject({ blocked: true });
  });

  test("keeps the state of a room if the call fails", async () => {
    const { server, room } = await company();
    server.intercept(({ path }) =>
      path === BLOCK ? refusal(503, "unavailable", { "retry-after": "1" }) : undefined,
    );
    expect(await failure(room.block())).toMatchObject({ code: "unavailable" });
    expect(room.receiver).toMatchObject({ blocked: false });
  });
});
