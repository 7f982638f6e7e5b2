import { describe, expect, test } from "vitest";
import type { ErrorCode } from "../src/index.js";
import { chatWith, during, inRoom, pass, SECOND, settle, shown, useFakeClock } from "./fake/chat.js";
import { FakeServer, PATH, refusal, ROOM } from "./fake/server.js";
import type { FakeSocket, Sent } from "./fake/socket.js";

useFakeClock();

/** Refuses the next frame that sends a message, and does with the rest as usual. */
const refuseNext = (socket: FakeSocket, code: ErrorCode, times = 1): void => {
  socket.handles = ({ action, clientMessageId }: Sent) => {
    if (action !== "sendMessage" || times-- <= 0) return false;
    socket.deliver({ type: "error", code, message: `refused: ${code}`, requestId: "r1", ...(clientMessageId && { clientMessageId }) });
    return true;
  };
};

describe("a message", () => {
  test("is shown at once, and found again by its id when it is acknowledged", async () => {
    const { server, room } = await inRoom();
    const sent = room.send("  식빵 예약되나요?\n");
    expect(sent).toMatchObject({ content: "식빵 예약되나요?", state: "sending" });
    expect(sent.clientMessageId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(room.pending).toEqual([sent]);
    await pass(SECOND);
    expect(room.pending).toEqual([]);
    expect(room.messages).toEqual(server.messages);
  });

  test("is acknowledged without a fetch, once it is known who we are", async () => {
    const { server, room } = await inRoom();
    room.send("first");
    await pass(SECOND);
    const count = server.requests.length;
    room.send("second");
    await settle();
    expect(room.messages).toEqual(server.messages);
    expect(server.requests).toHaveLength(count);
  });

  test("follows the one before it only after its acknowledgement, so that order holds", async () => {
    const { server, room } = await inRoom();
    const waiting: (() => void)[] = [];
    const { socket } = server;
    socket.handles = (frame) => {
      const { handles } = socket;
      waiting.push(() => {
        socket.handles = () => false;
        socket.frames.pop();
        socket.send(JSON.stringify(frame));
        socket.handles = handles;
      });
      return true;
    };
    for (const content of ["one", "two", "three"]) room.send(content);
    await settle();
    expect(socket.sent("sendMessage").map(({ content }) => content)).toEqual(["one"]);
    expect(shown(room)).toEqual(["before 1", "one", "two", "three"]);
    while (waiting.length) {
      waiting.shift()!();
      await pass(SECOND);
    }
    expect(server.messages.map(({ content }) => content)).toEqual(["before 1", "one", "two", "three"]);
    expect(room.messages).toEqual(server.messages);
  });

  test("of 1 to 2,000 characters, not code units, is taken; any other is refused before it does harm", async () => {
    const { server, room } = await inRoom();
    room.send("🍞".repeat(2_000));
    for (const content of ["", " \u0085\u3000\n", "가".repeat(2_001)]) expect(() => room.send(content)).toThrow(RangeError);
    room.send("half a \ud83c character");
    await pass(SECOND);
    expect(server.messages.map(({ content }) => content)).toEqual(["before 1", "🍞".repeat(2_000), "half a \ufffd character"]);
    expect(room.messages).toEqual(server.messages);
  });

  test("that was typed before there is a connection is sent when there is one", async () => {
    const server = new FakeServer();
    server.keep(7, "hello");
    const chat = chatWith(server);
    const room = chat.room(ROOM);
    room.send("early");
    await settle();
    expect(shown(room)).toEqual(["hello", "early"]);
    chat.connect();
    await pass(SECOND);
    expect(room.messages).toEqual(server.messages);
    expect(server.messages).toHaveLength(2);
  });

  test("that a closed page had left unsent is put back under its id, and not kept twice", async () => {
    const { server, chat, room } = await inRoom();
    server.socket.dropsAfter = () => true;
    const { content, clientMessageId } = room.send("ack never came");
    await pass(6);
    chat.close();
    expect(room.pending).toMatchObject([{ content, clientMessageId, state: "failed", error: { code: "closed" } }]);

    const next = chatWith(server);
    next.connect();
    const again = next.room(ROOM);
    await settle();
    for (const left of [...room.pending, ...room.pending]) again.send(left.content, left.clientMessageId);
    expect(again.pending).toHaveLength(1);
    await pass(SECOND);
    expect(again.pending).toEqual([]);
    expect(again.messages.map((message) => message.content)).toEqual(["before 1", "ack never came"]);
  });

  test("that is put back and is older than what was loaded is known to be kept", async () => {
    const { server, room } = await inRoom();
    server.keep(12, "long ago", "00000000-0000-4000-8000-000000000001");
    for (let n = 0; n < 30; n++) server.keep(7, `later ${n}`);
    server.socket.drop();
    const fresh = chatWith(server);
    fresh.connect();
    const again = fresh.room(ROOM);
    await pass(2 * SECOND);
    again.send("long ago", "00000000-0000-4000-8000-000000000001");
    await pass(SECOND);
    expect(again.pending).toEqual([]);
    expect(again.messages).toHaveLength(20);
    expect(server.messages).toHaveLength(32);
    room.close();
  });
});

describe("the connection drops", () => {
  test("before a message reached the server: it is sent again, under the same id", async () => {
    const { server, room } = await inRoom();
    server.socket.dropsBefore = ({ action }) => action === "sendMessage";
    const { clientMessageId } = room.send("hello?");
    await pass(3 * SECOND);
    expect(server.sockets.map((socket) => socket.sent("sendMessage").map((frame) => frame.clientMessageId))).toEqual([
      [clientMessageId],
      [clientMessageId],
    ]);
    expect(room.messages).toEqual(server.messages);
    expect(room.pending).toEqual([]);
  });

  test("after a message was kept, before the ack: it is found in the room, and not sent again", async () => {
    const { server, room } = await inRoom();
    server.socket.dropsAfter = ({ action }) => action === "sendMessage";
    room.send("kept");
    await pass(3 * SECOND);
    expect(server.sockets).toHaveLength(2);
    expect(server.socket.sent("sendMessage")).toEqual([]);
    expect(room.messages).toEqual(server.messages);
    expect(room.pending).toEqual([]);
  });

  test("while it is replaced: what is under way on the old one comes once", async () => {
    const { server, room } = await inRoom();
    room.send("who we are");
    await pass(89 * 60 * SECOND);
    while (server.sockets.length === 1) {
      room.send(`at ${performance.now()}`);
      await pass(SECOND);
    }
    await pass(5 * SECOND);
    expect(room.messages).toEqual(server.messages);
    expect(new Set(shown(room)).size).toBe(room.messages.length);
    expect(room.pending).toEqual([]);
  });
});

test("a frame that is lost on a connection that lives is sent again", async () => {
  const { server, room } = await inRoom();
  let lost = 1;
  server.socket.handles = ({ action }) => action === "sendMessage" && lost-- > 0;
  room.send("hello?");
  await pass(10 * SECOND);
  expect(server.sockets).toHaveLength(1);
  expect(server.socket.sent("sendMessage")).toHaveLength(2);
  expect(room.messages).toEqual(server.messages);
});

describe("an ack", () => {
  test("that is lost: the message is sent again with the same id, and the repeat's ack settles it", async () => {
    const { server, room } = await inRoom();
    let lost = 1;
    const { socket } = server;
    socket.handles = (frame) => {
      if (frame.action !== "sendMessage" || lost-- <= 0) return false;
      server.keep(12, frame.content!, frame.clientMessageId);
      return true;
    };
    room.send("kept, but nobody said so");
    await pass(8 * SECOND);
    expect(room.pending).toHaveLength(1);
    expect(socket.sent("heartbeat")).toHaveLength(1); // Is it the connection?
    await pass(2 * SECOND);
    expect(room.messages).toEqual(server.messages);
    expect(server.messages).toHaveLength(2);
    expect(server.sockets).toHaveLength(1);
  });

  test("that comes twice, and after the message itself, changes nothing", async () => {
    const { server, room } = await inRoom();
    room.send("who we are");
    await pass(SECOND);
    const { socket } = server;
    socket.handles = ({ content, clientMessageId, action }) => {
      if (action !== "sendMessage") return false;
      const { message } = server.keep(12, content!, clientMessageId);
      const { id, seq, createdAt } = message;
      socket.deliver({ type: "message", roomId: ROOM, message });
      for (let n = 0; n < 2; n++) {
        socket.deliver({ type: "ack", roomId: ROOM, clientMessageId: clientMessageId!, id, seq, createdAt });
      }
      return true;
    };
    room.send("one");
    room.send("two");
    await settle();
    expect(room.messages).toEqual(server.messages);
    expect(room.pending).toEqual([]);
    expect(socket.sent("sendMessage")).toHaveLength(3);
  });

  test("with a seq that leaves a gap has the gap filled, and the message stands below it until then", async () => {
    const { server, room } = await inRoom();
    room.send("who we are");
    await pass(SECOND);
    server.keep(7, "its push was lost");
    room.send("after it");
    await settle();
    expect(room.pending).toMatchObject([{ content: "after it", state: "sent" }]);
    await pass(SECOND);
    expect(shown(room)).toEqual(["before 1", "who we are", "its push was lost", "after it"]);
    expect(room.messages).toEqual(server.messages);
  });
});

describe("a refusal", () => {
  test.each(["validation_failed", "room_not_found", "receiver_withdrawn", "message_id_reused", "wrong_role"] as const)(
    "for good (%s) is shown, the next message goes on, and it can be discarded",
    async (code) => {
      const { server, room } = await inRoom();
      refuseNext(server.socket, code);
      const { clientMessageId } = room.send("refused");
      room.send("the next");
      await pass(SECOND);
      expect(room.pending).toMatchObject([{ content: "refused", state: "failed", error: { code, message: `refused: ${code}` } }]);
      expect(server.messages.map(({ content }) => content)).toEqual(["before 1", "the next"]);
      await pass(60 * SECOND);
      expect(server.socket.sent("sendMessage")).toHaveLength(2);
      room.discard(clientMessageId);
      expect(room.pending).toEqual([]);
    },
  );

  test("for good can be tried again, under the same id", async () => {
    const { server, room } = await inRoom();
    refuseNext(server.socket, "receiver_withdrawn");
    const { clientMessageId } = room.send("refused");
    await settle();
    room.retry(clientMessageId);
    expect(room.pending).toEqual([{ clientMessageId, content: "refused", state: "sending" }]);
    await pass(SECOND);
    expect(room.messages).toEqual(server.messages);
    expect(server.messages.at(-1)).toMatchObject({ clientMessageId });
  });

  test.each(["unavailable", "internal", "too_many_attempts"] as const)("for now (%s) is tried again, in order", async (code) => {
    const { server, room } = await inRoom();
    refuseNext(server.socket, code, 3);
    room.send("one");
    room.send("two");
    await pass(8 * SECOND);
    expect(server.messages.map(({ content }) => content)).toEqual(["before 1", "one", "two"]);
    expect(room.pending).toEqual([]);
    expect(server.socket.sent("sendMessage")).toHaveLength(5);
  });

  test("by API Gateway itself, which names no message, has what is under way tried again", async () => {
    const { server, room } = await inRoom();
    const { socket } = server;
    let failing = 1;
    socket.handles = () => failing-- > 0 && (socket.deliver({ message: "Internal server error" }), true);
    room.send("one");
    await pass(2 * SECOND);
    expect(room.messages).toEqual(server.messages);
    expect(server.messages).toHaveLength(2);
  });

  test("is not undone by discarding what is not refused", async () => {
    const { server, room } = await inRoom();
    server.socket.dead = true;
    const { clientMessageId } = room.send("under way");
    room.discard(clientMessageId);
    room.retry(clientMessageId);
    expect(room.pending).toMatchObject([{ state: "sending" }]);
  });
});

test("nothing is sent into a room before the server has said that it is this account's", async () => {
  const { server, chat, room } = await inRoom();
  server.socket.dead = true;
  room.send("for the account before");
  server.intercept(({ path }) => (path === PATH ? refusal(404, "room_not_found") : undefined));
  await during(chat.logIn("badabada", "sky-2026x"));
  await pass(2 * SECOND);
  expect(server.open).toEqual([server.socket]);
  expect(server.socket.sent("sendMessage")).toEqual([]);
  expect(room.error).toMatchObject({ code: "room_not_found" });
  expect(room.pending).toMatchObject([{ state: "failed", error: { code: "room_not_found" } }]);
  expect(room.send("and after")).toMatchObject({ content: "and after" });
  expect(room.pending.at(-1)).toMatchObject({ state: "failed" });
});
