import { describe, expect, test, vi } from "vitest";
import { inRoom, pass, SECOND, settle, useFakeClock } from "./fake/chat.js";
import { COMPANY, CUSTOMER, ROOM } from "./fake/server.js";

useFakeClock();

describe("markers", () => {
  test("only move forward, each side's own", async () => {
    const { server, room } = await inRoom(9);
    const read = (readerId: number, seq: number) =>
      server.push({ type: "read", roomId: ROOM, readerId, seq });
    read(COMPANY, 5);
    read(COMPANY, 3);
    read(CUSTOMER, 7);
    read(CUSTOMER, 2);
    await settle();
    expect([room.readSeq, room.receiverReadSeq]).toEqual([7, 5]);
  });

  test("of this side are sent, and stop at the newest message", async () => {
    const { server, room } = await inRoom(9);
    room.markRead(4);
    room.markRead(2);
    room.markRead(Number.NaN);
    room.markRead(99);
    room.markRead();
    await pass(2 * SECOND);
    expect(server.socket.sent("markRead").map(({ seq }) => seq)).toEqual([4, 9]);
    expect([room.readSeq, server.readSeq]).toEqual([9, 9]);
  });

  test("of a burst of messages are at most one frame a second", async () => {
    const { server, chat, room } = await inRoom();
    chat.on("room", () => room.markRead());
    for (let n = 0; n < 100; n++) {
      server.say(`${n}`);
      await pass(20);
    }
    await pass(2 * SECOND);
    expect(server.socket.sent("markRead").length).toBeLessThanOrEqual(4);
    expect(server.readSeq).toBe(101);
  });

  test("are sent before the room is closed", async () => {
    const { server, room } = await inRoom(9);
    room.markRead(4);
    room.markRead(9);
    room.close();
    await settle();
    expect(server.readSeq).toBe(9);
  });

  test("that moved during a disconnect are fetched, on either side", async () => {
    const { server, room } = await inRoom(9);
    server.socket.dead = true;
    room.markRead(6);
    server.receiverReadSeq = 8;
    server.socket.dead = false;
    server.socket.drop();
    await pass(6 * SECOND);
    expect([room.readSeq, room.receiverReadSeq]).toEqual([6, 8]);
    expect(server.readSeq).toBe(6);
  });
});

describe("typing", () => {
  test("is sent at most every 3 seconds", async () => {
    const { server, room } = await inRoom();
    for (let n = 0; n < 40; n++) {
      room.typing();
      await pass(100);
    }
    expect(server.socket.sent("typing")).toHaveLength(2);
  });

  test("of the other side is shown for 4 seconds, and reported", async () => {
    const { server, chat, room } = await inRoom();
    const changes = vi.fn();
    const frames: unknown[] = [];
    const stop = chat.on("typing", (frame) => frames.push(frame));
    chat.on("room", changes);
    const frame = { type: "typing", roomId: ROOM, accountId: COMPANY } as const;
    server.push(frame);
    await settle();
    expect(room.receiverTyping).toBe(true);
    await pass(3 * SECOND);
    server.push(frame);
    await pass(3 * SECOND);
    expect(room.receiverTyping).toBe(true);
    stop();
    server.push({ ...frame, accountId: CUSTOMER });
    await pass(1.2 * SECOND);
    expect(room.receiverTyping).toBe(false);
    expect(changes).toHaveBeenCalledTimes(2);
    expect(frames).toEqual([frame, frame]);
  });

  test("ends with the message, and with the connection", async () => {
    const { server, room } = await inRoom();
    const frame = { type: "typing", roomId: ROOM, accountId: COMPANY } as const;
    server.push(frame);
    await settle();
    server.say("done");
    await settle();
    expect(room.receiverTyping).toBe(false);
    server.push(frame);
    await settle();
    expect(room.receiverTyping).toBe(true);
    server.socket.drop();
    expect(room.receiverTyping).toBe(false);
  });
});
