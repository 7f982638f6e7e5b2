import { describe, expect, test, vi } from "vitest";
import type { ErrorCode } from "../src/index.js";
import { chatWith, inRoom, pass, SECOND, settle, shown, useFakeClock } from "./fake/chat.js";
import { FakeServer, pushOf, ROOM, refusal } from "./fake/server.js";
import type { FakeSocket, Sent } from "./fake/socket.js";

useFakeClock();

/** Rejects the next frames that send a message; the server handles the others. */
const rejectNext = (socket: FakeSocket, code: ErrorCode, times = 1): void => {
  socket.handles = ({ action, clientMessageId }: Sent) => {
    if (action !== "sendMessage" || times-- <= 0) return false;
    const id = clientMessageId && { clientMessageId };
    socket.deliver({ type: "error", code, message: `refused: ${code}`, requestId: "r1", ...id });
    return true;
  };
};

describe("a message", () => {
  test("is shown at once, and moves to its place with the ack", async () => {
    const { server, room } = await inRoom();
    const sent = room.send("  식빵 예약되나요?\n");
    expect(sent).toMatchObject({ content: "식빵 예약되나요?", state: "sending" });
    expect(sent.clientMessageId).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(room.pending).toEqual([sent]);
    const count = server.requests.length;
    await settle();
    expect(room.pending).toEqual([]);
    expect(room.messages).toEqual(server.messages);
    expect(server.requests).toHaveLength(count);
  });

  test("is sent only after the ack of the one before it", async () => {
    const { server, room } = await inRoom();
    const waiting: (() => void)[] = [];
    const { socket } = server;
    socket.handles = (frame) => {
      if (frame.action !== "sendMessage") return false;
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
    expect(server.messages.map(({ content }) => content)).toEqual([
      "before 1",
      "one",
      "two",
      "three",
    ]);
    expect(room.messages).toEqual(server.messages);
  });

  test("has 1 to 2,000 characters, which are not code units", async () => {
    const { server, room } = await inRoom();
    room.send("🍞".repeat(2_000));
    for (const content of ["", " \u0085\u3000\n", "가".repeat(2_001)])
      expect(() => room.send(content)).toThrow(RangeError);
    room.send("half a \ud83c character");
    await pass(SECOND);
    expect(server.messages.map(({ content }) => content)).toEqual([
      "before 1",
      "🍞".repeat(2_000),
      "half a \ufffd character",
    ]);
    expect(room.messages).toEqual(server.messages);
  });

  test("in decomposed Hangul is counted and sent composed", async () => {
    const { server, room } = await inRoom();
    const { content } = room.send("각".repeat(2_000).normalize("NFD"));
    expect(content).toBe("각".repeat(2_000));
    await settle();
    expect(server.socket.sent("sendMessage")[0]!.content).toBe(content);
  });

  test("that was typed before the connection opened is sent then", async () => {
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

  test("keeps its id when a program sends it again after a restart", async () => {
    const { server, chat, room } = await inRoom();
    server.socket.dropsAfter = ({ action }) => action === "sendMessage";
    const { content, clientMessageId } = room.send("ack never came");
    await pass(6);
    chat.close();
    expect(room.pending).toMatchObject([
      { content, clientMessageId, state: "failed", error: { code: "closed" } },
    ]);

    const next = chatWith(server);
    next.connect();
    const again = next.room(ROOM);
    await settle();
    for (const id of [clientMessageId, clientMessageId.toUpperCase()]) again.send(content, id);
    expect(again.pending).toHaveLength(1);
    await pass(SECOND);
    expect(again.pending).toEqual([]);
    expect(again.messages.map((message) => message.content)).toEqual([
      "before 1",
      "ack never came",
    ]);
  });

  test("that is repeated and older than the loaded ones is found", async () => {
    const { server } = await inRoom();
    server.keep(12, "long ago", "00000000-0000-4000-8000-000000000001");
    for (let n = 0; n < 30; n++) server.keep(7, `later ${n}`);
    const fresh = chatWith(server);
    fresh.connect();
    const again = fresh.room(ROOM);
    await pass(2 * SECOND);
    again.send("long ago", "00000000-0000-4000-8000-000000000001");
    await pass(SECOND);
    expect(again.pending).toEqual([]);
    expect(again.messages).toHaveLength(20);
    expect(server.messages).toHaveLength(32);
  });
});

describe("when the connection drops", () => {
  test("before a message arrived, it is sent again under the same id", async () => {
    const { server, room } = await inRoom();
    server.socket.dropsBefore = ({ action }) => action === "sendMessage";
    const { clientMessageId } = room.send("hello?");
    await pass(6 * SECOND);
    expect(
      server.sockets.map((socket) =>
        socket.sent("sendMessage").map((frame) => frame.clientMessageId),
      ),
    ).toEqual([[clientMessageId], [clientMessageId]]);
    expect(room.messages).toEqual(server.messages);
    expect(room.pending).toEqual([]);
  });

  test("after a message was stored, it is not sent again", async () => {
    const { server, room } = await inRoom();
    server.socket.dropsAfter = ({ action }) => action === "sendMessage";
    room.send("stored");
    await pass(6 * SECOND);
    expect(server.sockets).toHaveLength(2);
    expect(server.socket.sent("sendMessage")).toEqual([]);
    expect(room.messages).toEqual(server.messages);
    expect(room.pending).toEqual([]);
  });

  test("because it is replaced, a message under way arrives once", async () => {
    const { server, room } = await inRoom();
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

test("a socket that throws between a loss and its event loses no message", async () => {
  const { server, room } = await inRoom();
  const { socket } = server;
  vi.spyOn(socket, "send").mockImplementation(() => {
    throw new Error("InvalidStateError");
  });
  room.send("hello?");
  room.typing();
  room.markRead();
  socket.drop();
  await pass(6 * SECOND);
  expect(room.messages).toEqual(server.messages);
  expect(room.messages).toHaveLength(2);
});

test("a frame that is lost on an open connection is sent again", async () => {
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
  test("that is lost is replaced by the ack of the repeat", async () => {
    const { server, room } = await inRoom();
    let lost = 1;
    const { socket } = server;
    socket.handles = (frame) => {
      if (frame.action !== "sendMessage" || lost-- <= 0) return false;
      server.keep(12, frame.content!, frame.clientMessageId);
      return true;
    };
    room.send("stored, but without an ack");
    const heartbeats = socket.sent("heartbeat").length;
    await pass(8 * SECOND);
    expect(room.pending).toHaveLength(1);
    expect(socket.sent("heartbeat")).toHaveLength(heartbeats + 1); // Is the connection dead?
    await pass(2 * SECOND);
    expect(room.messages).toEqual(server.messages);
    expect(server.messages).toHaveLength(2);
    expect(server.sockets).toHaveLength(1);
  });

  test("that comes twice, and after the message itself, changes nothing", async () => {
    const { server, room } = await inRoom();
    const { socket } = server;
    socket.handles = ({ content, clientMessageId, action }) => {
      if (action !== "sendMessage") return false;
      const { message } = server.keep(12, content!, clientMessageId);
      const { id, seq, senderId, createdAt } = message;
      socket.deliver(pushOf(message));
      for (let n = 0; n < 2; n++) {
        socket.deliver({
          type: "ack",
          roomId: ROOM,
          clientMessageId: clientMessageId!,
          id,
          seq,
          senderId,
          createdAt,
        });
      }
      return true;
    };
    room.send("one");
    room.send("two");
    await settle();
    expect(room.messages).toEqual(server.messages);
    expect(room.pending).toEqual([]);
    expect(socket.sent("sendMessage")).toHaveLength(2);
  });

  test("that comes after the repeat's does not touch the next message", async () => {
    const { server, room } = await inRoom();
    const { socket } = server;
    const late: (() => void)[] = [];
    socket.handles = ({ action, content, clientMessageId }) => {
      if (action !== "sendMessage" || late.length) return false;
      const { id, seq, senderId, createdAt } = server.keep(12, content!, clientMessageId).message;
      late.push(() =>
        socket.deliver({
          type: "ack",
          roomId: ROOM,
          clientMessageId: clientMessageId!,
          id,
          seq,
          senderId,
          createdAt,
        }),
      );
      return true;
    };
    room.send("slow");
    await pass(10 * SECOND);
    socket.handles = ({ action }) => action === "sendMessage";
    room.send("next");
    late[0]!();
    await settle();
    expect(room.pending).toMatchObject([{ content: "next", state: "sending" }]);
    socket.handles = () => false;
    await pass(10 * SECOND);
    expect(room.messages).toEqual(server.messages);
    expect(shown(room)).toEqual(["before 1", "slow", "next"]);
  });

  test("with a gap before it has the gap filled first", async () => {
    const { server, room } = await inRoom();
    server.keep(7, "its push was lost");
    room.send("after it");
    await settle();
    expect(room.pending).toMatchObject([{ content: "after it", state: "sent" }]);
    await pass(SECOND);
    expect(shown(room)).toEqual(["before 1", "its push was lost", "after it"]);
    expect(room.messages).toEqual(server.messages);
  });
});

describe("a rejection", () => {
  test.each([
    "validation_failed",
    "room_not_found",
    "receiver_withdrawn",
    "message_id_reused",
    "wrong_role",
    "blocked",
  ] as const)("that is permanent (%s) is shown, and the next message is sent", async (code) => {
    const { server, room } = await inRoom();
    rejectNext(server.socket, code);
    const { clientMessageId } = room.send("rejected");
    room.send("the next");
    await pass(SECOND);
    expect(room.pending).toMatchObject([
      { content: "rejected", state: "failed", error: { code, message: `refused: ${code}` } },
    ]);
    expect(server.messages.map(({ content }) => content)).toEqual(["before 1", "the next"]);
    await pass(60 * SECOND);
    expect(server.socket.sent("sendMessage")).toHaveLength(2);
    room.discard(clientMessageId);
    expect(room.pending).toEqual([]);
  });

  test("that is permanent refreshes the room, which may have changed", async () => {
    const { server, room } = await inRoom();
    expect(room.receiver!.receiverDeleted).toBe(false);
    server.receiverDeleted = true;
    rejectNext(server.socket, "receiver_withdrawn");
    room.send("too late");
    await settle();
    expect(room.receiver!.receiverDeleted).toBe(true);
  });

  test("that is permanent can be retried under the same id", async () => {
    const { server, room } = await inRoom();
    rejectNext(server.socket, "receiver_withdrawn");
    const { clientMessageId } = room.send("rejected");
    await settle();
    room.retry(clientMessageId);
    expect(room.pending).toEqual([{ clientMessageId, content: "rejected", state: "sending" }]);
    await pass(SECOND);
    expect(room.messages).toEqual(server.messages);
    expect(server.messages.at(-1)).toMatchObject({ clientMessageId });
  });

  test.each(["unavailable", "internal", "too_many_attempts", "too_many_requests"] as const)(
    "that is temporary (%s) is retried, in order",
    async (code) => {
      const { server, room } = await inRoom();
      rejectNext(server.socket, code, 3);
      room.send("one");
      room.send("two");
      await pass(8 * SECOND);
      expect(server.messages.map(({ content }) => content)).toEqual(["before 1", "one", "two"]);
      expect(room.pending).toEqual([]);
      expect(server.socket.sent("sendMessage")).toHaveLength(5);
    },
  );

  test("of API Gateway makes the message under way be retried", async () => {
    const { server, room } = await inRoom();
    const { socket } = server;
    let failing = 1;
    socket.handles = () => {
      if (failing-- <= 0) return false;
      socket.deliver({ message: "Internal server error" });
      return true;
    };
    room.send("one");
    await pass(2 * SECOND);
    expect(room.messages).toEqual(server.messages);
    expect(server.messages).toHaveLength(2);
  });

  test("that repeats does not block the next message forever", async () => {
    const { server, room } = await inRoom();
    const { socket } = server;
    socket.handles = ({ action, content, clientMessageId }) => {
      if (action !== "sendMessage" || content !== "poison") return false;
      socket.deliver({
        type: "error",
        code: "internal",
        message: "오류",
        clientMessageId: clientMessageId!,
      });
      return true;
    };
    room.send("poison");
    room.send("the next");
    await pass(4 * 60 * SECOND);
    expect(room.pending).toMatchObject([
      { content: "poison", state: "failed", error: { code: "internal" } },
    ]);
    expect(room.messages.at(-1)).toMatchObject({ content: "the next" });
  });

  test("is not undone by discarding what was not rejected", async () => {
    const { server, room } = await inRoom();
    server.socket.dead = true;
    const { clientMessageId } = room.send("under way");
    room.discard(clientMessageId);
    room.retry(clientMessageId);
    expect(room.pending).toMatchObject([{ state: "sending" }]);
  });

  test("that comes late does not fail a message that was stored", async () => {
    const { server, room } = await inRoom();
    server.keep(7, "its push was lost");
    const { clientMessageId } = room.send("stored");
    await pass(20); // Acknowledged; the gap before it is not filled yet.
    server.socket.deliver({
      type: "error",
      code: "receiver_withdrawn",
      message: "late",
      clientMessageId,
    });
    await pass(10);
    expect(room.pending).toMatchObject([{ state: "sent" }]);
    await pass(SECOND);
    expect(room.messages).toEqual(server.messages);
  });
});

test("a server that limits messages receives all of them slowly", async () => {
  const { server, room } = await inRoom();
  const { socket } = server;
  let tokens = 20;
  let frames: number[] = [];
  const refill = setInterval(() => (tokens = Math.min(20, tokens + 1)), 200);
  socket.handles = ({ action, clientMessageId }) => {
    frames.push(performance.now());
    if (action !== "sendMessage" || tokens-- >= 1) return false;
    tokens = 0;
    socket.deliver({
      type: "error",
      code: "too_many_requests",
      message: "slow down",
      clientMessageId: clientMessageId!,
    });
    return true;
  };
  for (let n = 1; n <= 100; n++) room.send(`${n}`);
  await pass(5 * SECOND);
  frames = frames.slice(40);
  await pass(55 * SECOND);
  clearInterval(refill);
  expect(room.pending).toEqual([]);
  expect(server.messages.slice(1).map(({ content }) => Number(content))).toEqual(
    Array.from({ length: 100 }, (_, n) => n + 1),
  );
  // After the burst a connection may send 20 frames a second.
  for (const [n, time] of frames.entries())
    expect((frames[n + 20] ?? Infinity) - time).toBeGreaterThanOrEqual(SECOND);
});

test("nothing is sent into a room before the server has shown it", async () => {
  const { server, room } = await inRoom();
  server.socket.dropsBefore = ({ action }) => action === "sendMessage";
  server.intercept(({ path }) =>
    path.startsWith("/customer/chatrooms") ? refusal(404, "room_not_found") : undefined,
  );
  room.send("into a room that is gone");
  await pass(6 * SECOND);
  expect(server.open).toEqual([server.socket]);
  expect(server.socket.sent("sendMessage")).toEqual([]);
  expect(room.error).toMatchObject({ code: "room_not_found" });
  expect(room.pending).toMatchObject([{ state: "failed", error: { code: "room_not_found" } }]);
  expect(room.send("and after")).toMatchObject({ content: "and after" });
  expect(room.pending.at(-1)).toMatchObject({ state: "failed" });
});
