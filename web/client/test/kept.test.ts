/** Unsent messages and drafts survive a reload. */

import { describe, expect, test } from "vitest";
import {
  chatWith,
  during,
  inRoom,
  pass,
  SECOND,
  settle,
  shown,
  storage,
  useFakeClock,
} from "./fake/chat.js";
import { CUSTOMER, FakeServer, ROOM, refusal } from "./fake/server.js";
import type { FakeSocket } from "./fake/socket.js";

useFakeClock();

const KEY = `chatchat.unsent.${CUSTOMER}`;

/** Refuses frames that send messages. */
const refuse = (socket: FakeSocket, code: "blocked" | "receiver_withdrawn"): void => {
  socket.handles = ({ action, clientMessageId }) => {
    if (action !== "sendMessage") return false;
    socket.deliver({
      type: "error",
      code,
      message: `refused: ${code}`,
      clientMessageId: clientMessageId!,
    });
    return true;
  };
};

/** A page that was left with five unsent messages. */
const left = async () => {
  const keep = storage();
  const { server, chat, room } = await inRoom(1, { keep });
  server.socket.dead = true;
  const sent = [1, 2, 3, 4, 5].map((n) => room.send(`unsent ${n}`));
  chat.close();
  return { keep, server, sent };
};

describe("unsent messages", () => {
  test("are sent after a reload, in order, once, with their ids", async () => {
    const { keep, server, sent } = await left();
    const chat = chatWith(server, { keep });
    chat.connect();
    const room = chat.room(ROOM);
    await settle();
    expect(shown(room)).toContain("unsent 5");
    await pass(2 * SECOND);
    expect(room.pending).toEqual([]);
    expect(server.messages.slice(1).map(({ content }) => content)).toEqual(
      sent.map(({ content }) => content),
    );
    expect(server.messages.slice(1).map((message) => message.clientMessageId)).toEqual(
      sent.map((message) => message.clientMessageId),
    );
    expect(keep.texts.size).toBe(0);
  });

  test("are sent after a reload even if their room is not opened", async () => {
    const { keep, server } = await left();
    const chat = chatWith(server, { keep });
    const rooms: number[] = [];
    chat.on("session", () => rooms.push(...chat.rooms.map(({ id }) => id)));
    chat.connect();
    await pass(2 * SECOND);
    expect(rooms).toEqual([ROOM]);
    expect(server.messages).toHaveLength(6);
    expect(chat.rooms).toEqual([]); // Nothing is pending any more.
  });

  test("are not stored twice if only the ack was lost", async () => {
    const keep = storage();
    const { server, chat, room } = await inRoom(1, { keep });
    server.socket.dropsAfter = ({ action }) => action === "sendMessage";
    room.send("the ack was lost");
    await pass(6);
    chat.close();
    expect(keep.texts.has(KEY)).toBe(true);
    const next = chatWith(server, { keep });
    next.connect();
    await pass(2 * SECOND);
    expect(server.messages).toHaveLength(2);
    expect(keep.texts.size).toBe(0);
  });

  test("that failed are still failed after a reload, and not sent", async () => {
    const keep = storage();
    const { server, chat, room } = await inRoom(1, { keep });
    refuse(server.socket, "blocked");
    const { clientMessageId } = room.send("refused");
    await settle();
    chat.close();
    const next = chatWith(server, { keep });
    next.connect();
    await pass(20 * SECOND);
    const again = next.room(ROOM);
    expect(again.pending).toMatchObject([
      {
        clientMessageId,
        content: "refused",
        state: "failed",
        error: { code: "blocked", message: "refused: blocked" },
      },
    ]);
    expect(server.socket.sent("sendMessage")).toEqual([]);
    again.retry(clientMessageId);
    await pass(2 * SECOND);
    expect(server.messages.at(-1)).toMatchObject({ clientMessageId, content: "refused" });
    expect(keep.texts.size).toBe(0);
  });

  test("are not kept any more after the ack, even if they wait for others", async () => {
    const keep = storage();
    const { server, room } = await inRoom(1, { keep });
    server.keep(7, "its push was lost");
    room.send("acknowledged");
    expect(keep.texts.get(KEY)).toContain("acknowledged");
    await pass(20);
    expect(room.pending).toMatchObject([{ state: "sent" }]);
    expect(keep.texts.size).toBe(0);
  });

  test("that are discarded do not come back", async () => {
    const keep = storage();
    const { server, room } = await inRoom(1, { keep });
    refuse(server.socket, "receiver_withdrawn");
    const { clientMessageId } = room.send("refused");
    await settle();
    expect(keep.texts.get(KEY)).toContain("refused");
    room.discard(clientMessageId);
    expect(keep.texts.size).toBe(0);
  });

  test("of two tabs do not overwrite each other", async () => {
    const keep = storage();
    const { server, room } = await inRoom(1, { keep });
    const second = chatWith(server, { keep });
    second.connect();
    const other = second.room(ROOM);
    await settle();
    for (const socket of server.open) socket.dead = true;
    room.send("from the first tab");
    other.send("from the second tab");
    room.send("again from the first tab");
    for (const content of [
      "from the first tab",
      "from the second tab",
      "again from the first tab",
    ]) {
      expect(keep.texts.get(KEY)).toContain(content);
    }
    const next = chatWith(server, { keep });
    next.connect();
    await pass(3 * SECOND);
    expect(server.messages).toHaveLength(4);
  });

  test("keep their order when another tab has restored only the first ones", async () => {
    const keep = storage();
    const { server, chat, room } = await inRoom(1, { keep });
    server.socket.dead = true;
    room.send("one");
    const second = chatWith(server, { keep });
    await during(second.resume());
    const other = second.room(ROOM);
    expect(other.pending).toMatchObject([{ content: "one" }]);
    room.send("two");
    room.send("three");
    other.draft = "typed in the second tab";
    chat.close();
    second.close();
    const next = chatWith(server, { keep });
    next.connect();
    await pass(3 * SECOND);
    expect(server.messages.slice(1).map(({ content }) => content)).toEqual(["one", "two", "three"]);
  });

  test("stay when their room is closed, and are sent", async () => {
    const { server, chat, room } = await inRoom(1);
    server.socket.dropsBefore = ({ action }) => action === "sendMessage";
    room.send("on its way");
    room.close();
    expect(chat.rooms).toEqual([room]);
    await pass(8 * SECOND);
    expect(server.messages.map(({ content }) => content)).toEqual(["before 1", "on its way"]);
    expect(chat.rooms).toEqual([]);
    expect(room.error).toMatchObject({ code: "closed" });
  });

  test("survive a failed room", async () => {
    const { keep, server } = await left();
    const mend = server.intercept(({ path }) =>
      path.startsWith("/customer/chatrooms") ? refusal(404, "room_not_found") : undefined,
    );
    const chat = chatWith(server, { keep });
    chat.connect();
    await pass(SECOND);
    expect(chat.room(ROOM).error).toMatchObject({ code: "room_not_found" });
    chat.close();
    mend();
    const next = chatWith(server, { keep });
    next.connect();
    await pass(2 * SECOND);
    expect(server.messages).toHaveLength(6);
  });
});

describe("a draft", () => {
  test("is there after a reload, and gone when it was emptied", async () => {
    const keep = storage();
    const { server, chat, room } = await inRoom(1, { keep });
    room.draft = "안녕하";
    room.draft = "안녕하세요";
    chat.close();
    const next = chatWith(server, { keep });
    await during(next.resume());
    expect(next.room(ROOM).draft).toBe("안녕하세요");
    next.room(ROOM).draft = "";
    expect(keep.texts.size).toBe(0);
  });

  test("belongs to its room, also when the room is closed in between", async () => {
    const { chat, room } = await inRoom(1);
    room.draft = "for this room";
    room.close();
    expect(chat.room(32).draft).toBe("");
    expect(chat.room(ROOM)).not.toBe(room);
    expect(chat.room(ROOM).draft).toBe("for this room");
  });

  test("that was typed before the login was known is not replaced", async () => {
    const keep = storage();
    keep.save(KEY, JSON.stringify({ [ROOM]: { draft: "earlier", pending: [] } }));
    const server = new FakeServer();
    const chat = chatWith(server, { keep });
    const room = chat.room(ROOM);
    room.draft = "now";
    await during(chat.resume());
    expect(room.draft).toBe("now");
    expect(chat.room(32).draft).toBe("");
  });
});

describe("a storage", () => {
  test.each([
    "",
    "{",
    "3",
    "null",
    "[]",
    '"x"',
    '{"31":null}',
    '{"31":{"draft":5,"pending":[]}}',
    '{"31":{"draft":"","pending":[null]}}',
    '{"31":{"draft":"","pending":[{"content":5}]}}',
    '{"x":{"draft":"","pending":[{"clientMessageId":"a","content":"b","error":5}]}}',
  ])("with the contents %s causes no error", async (text) => {
    const keep = storage();
    keep.texts.set(KEY, text);
    const { server, room } = await inRoom(1, { keep });
    room.draft = "works";
    expect(JSON.parse(keep.texts.get(KEY)!)[ROOM]).toEqual({ draft: "works", pending: [] });
    room.send("works too");
    await pass(SECOND);
    expect(server.messages).toHaveLength(2);
  });

  test("that is full or denied loses nothing within the page", async () => {
    const keep = {
      load: () => {
        throw new DOMException("denied", "SecurityError");
      },
      save: () => {
        throw new DOMException("full", "QuotaExceededError");
      },
    };
    const { server, chat, room } = await inRoom(1, { keep });
    room.draft = "a draft";
    room.send("sent");
    await pass(SECOND);
    room.close();
    expect(chat.room(ROOM).draft).toBe("a draft");
    expect(server.messages).toHaveLength(2);
  });
});
