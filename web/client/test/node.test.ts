/** A program in Node, with the package `ws` and real sockets on the loopback interface. */

import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import WebSocket, { WebSocketServer } from "ws";
import { type Chat, createChat } from "../src/index.js";
import { until } from "./local/people.js";

const opened: (() => void)[] = [];
afterEach(() => {
  for (const close of opened.splice(0)) close();
});

const COMPANY = 7;
const createdAt = "2026-11-22T09:30:00.123Z";
const message = (seq: number) => ({
  id: 900 + seq,
  seq,
  senderId: COMPANY,
  type: "general",
  content: `${seq}`,
  createdAt,
});
const room = {
  id: 31,
  receiverId: COMPANY,
  receiverName: "새벽빵집",
  receiverImageUrl: null,
  receiverDeleted: false,
};

/** A server that knows one room with one message, and its connections. */
const serve = async (): Promise<{ chat: Chat; sockets: WebSocket[]; server: Server }> => {
  const answer = (response: ServerResponse, status: number, body: object): void => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  const server = createServer(({ url = "" }, response) => {
    const payload = Buffer.from(JSON.stringify({ sub: "12" })).toString("base64url");
    if (url === "/api/customer/token")
      answer(response, 201, { accessToken: `e30.${payload}.c2ln`, expiresIn: 1800 });
    else if (url === "/api/realtime/tickets")
      answer(response, 201, { ticket: "t", url: "/realtime?ticket=t", expiresIn: 30 });
    else
      answer(response, 200, {
        ...room,
        readSeq: 0,
        receiverReadSeq: 0,
        lastSeq: 1,
        blocked: false,
        messages: [message(1)],
      });
  });
  const sockets: WebSocket[] = [];
  new WebSocketServer({ server, path: "/realtime" }).on("connection", (socket) => {
    sockets.push(socket);
    socket.on("message", () => socket.send(JSON.stringify({ type: "heartbeat", rooms: [] })));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const chat = createChat({ url: `http://127.0.0.1:${port}/api`, role: "customer", WebSocket });
  opened.push(() => {
    chat.close();
    for (const socket of sockets) socket.terminate();
    server.closeAllConnections();
    server.close();
  });
  return { chat, sockets, server };
};

test("survives hostile frames", async () => {
  const { chat, sockets } = await serve();
  chat.connect();
  const open = chat.room(31);
  await open.ready();
  await until("the connection is open", () => chat.connection === "open");
  for (const frame of [
    "null",
    "3",
    '"x"',
    "[]",
    "{}",
    "",
    '{"type":"message"}',
    '{"type":"heartbeat","rooms":null}',
    Buffer.from([0, 255]),
  ]) {
    sockets[0]!.send(frame);
  }
  sockets[0]!.send(
    JSON.stringify({
      type: "message",
      roomId: 31,
      message: message(2),
      sender: { name: "새벽빵집", imageUrl: null },
    }),
  );
  await until("the message arrived", () => open.messages.length === 2);
  expect(chat.connection).toBe("open");
});

test("can be closed at any moment of connecting", async () => {
  for (let ms = 0; ms < 40; ms += 2) {
    const { chat } = await serve();
    chat.connect();
    chat.room(31);
    await new Promise((resolve) => setTimeout(resolve, ms));
    chat.close();
    expect(chat.connection).toBe("closed");
  }
  // An error that a closed chat throws later would end the program.
  await new Promise((resolve) => setTimeout(resolve, 100));
});

test("survives a server that stops and starts again", async () => {
  const { chat, sockets, server } = await serve();
  chat.connect();
  await until("the connection is open", () => chat.connection === "open");
  const { port } = server.address() as AddressInfo;
  server.closeAllConnections();
  server.close();
  for (const socket of sockets) socket.terminate();
  await until("the loss is noticed", () => chat.connection === "connecting");
  server.listen(port, "127.0.0.1");
  await until("the connection is open again", () => chat.connection === "open");
}, 30_000);
