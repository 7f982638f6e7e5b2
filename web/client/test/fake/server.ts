/** A ChatChat in memory with faults. It has one room, of customer 12 and company 7. */

import type { Message, Role, ServerFrame } from "../../src/index.js";
import { FakeSocket } from "./socket.js";

export const ROOM = 31;
export const CUSTOMER = 12;
/** Another customer, without a room. */
export const OTHER_CUSTOMER = 13;
export const COMPANY = 7;
export const PATH = `/customer/chatrooms/${ROOM}`;
/** The latency in each direction. */
export const LATENCY_MS = 5;

const ACCOUNTS: Record<string, { id: number; role: Role }> = {
  haneul01: { id: CUSTOMER, role: "customer" },
  badabada: { id: OTHER_CUSTOMER, role: "customer" },
  bakery1: { id: COMPANY, role: "company" },
};

export interface Request {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Headers;
  credentials: string | undefined;
  body: unknown;
}

type Interception = Response | Error | undefined;

export const json = (
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): Response => new Response(status === 204 ? null : JSON.stringify(body), { status, headers });

export const refusal = (
  status: number,
  code: string,
  headers: Record<string, string> = {},
): Response => json(status, { code, message: `refused: ${code}`, requestId: "request-1" }, headers);

/** Resolves after this long on the clock in force. */
export const later = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

export class FakeServer {
  readonly requests: Request[] = [];
  readonly sockets: FakeSocket[] = [];
  readonly messages: Message[] = [];
  /** The tickets that were not used yet, with their account. */
  readonly tickets = new Map<string, number>();
  /** The valid access tokens, with their account. */
  readonly tokens = new Map<string, number>();
  /** The browser's refresh cookies: one for each role, with its account. */
  readonly cookies = new Map<Role, number>([["customer", CUSTOMER]]);
  /** Decides which pushes are lost. */
  loses: (frame: ServerFrame) => boolean = () => false;
  readSeq = 0;
  receiverReadSeq = 0;
  receiverDeleted = false;
  blocked = false;
  /** How many connections an account may have. A new one closes the oldest. */
  maxConnections = Infinity;
  #count = 0;
  #intercepts: ((request: Request) => Interception | Promise<Interception>)[] = [];

  /**
   * Functions that respond in place of the server, the newest first. `undefined` passes the request
   * on, and an `Error` is a failure of the network.
   */
  intercept(answer: (request: Request) => Interception | Promise<Interception>): () => void {
    this.#intercepts.unshift(answer);
    return () => (this.#intercepts = this.#intercepts.filter((other) => other !== answer));
  }

  /** How often a route was called, such as `"POST /customer/token"`. */
  calls(route: string): number {
    return this.requests.filter(({ method, path }) => `${method} ${path}` === route).length;
  }

  readonly fetch = async (
    input: string | URL | globalThis.Request,
    init: RequestInit = {},
  ): Promise<Response> => {
    const { pathname, searchParams: query } = new URL(String(input));
    const path = pathname.replace(/^\/api/, "");
    const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : init.body;
    const { method = "GET", credentials } = init;
    const request = { method, path, query, headers: new Headers(init.headers), credentials, body };
    this.requests.push(request);
    await later(LATENCY_MS);
    init.signal?.throwIfAborted();
    let answer: Interception;
    for (const intercept of this.#intercepts) answer ??= await intercept(request);
    answer ??= this.#answer(request);
    await later(LATENCY_MS);
    init.signal?.throwIfAborted();
    if (answer instanceof Error) throw answer;
    return answer;
  };

  /** The constructor for `createChat`. */
  get WebSocket(): new (
    url: string,
  ) => FakeSocket {
    const server = this;
    return class extends FakeSocket {
      constructor(url: string) {
        super(url, server);
      }
    };
  }

  /** The open connections. */
  get open(): FakeSocket[] {
    return this.sockets.filter((socket) => socket.state === "open");
  }

  /** The newest connection. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("there was no connection");
    return socket;
  }

  /** Stores a message; a repeat of a `clientMessageId` returns the first one. */
  keep(
    senderId: number,
    content: string,
    clientMessageId?: string,
  ): { message: Message; isNew: boolean } {
    const before = this.messages.find(
      (message) => clientMessageId && message.clientMessageId === clientMessageId,
    );
    if (before) return { message: before, isNew: false };
    const seq = this.messages.length + 1;
    const createdAt = new Date(1_795_339_800_000 + seq).toISOString();
    const message: Message = {
      id: 900 + seq,
      seq,
      senderId,
      type: "general",
      content,
      createdAt,
      ...(clientMessageId && { clientMessageId }),
    };
    this.messages.push(message);
    return { message, isNew: true };
  }

  /** The company writes, and the message is pushed to every connection. */
  say(content: string): Message {
    const { message } = this.keep(COMPANY, content);
    this.push(pushOf(message));
    return message;
  }

  /** Sends a frame to every connection of the room's accounts but one. */
  push(frame: ServerFrame, but?: FakeSocket): void {
    for (const socket of this.open) {
      if (socket !== but && socket.account !== OTHER_CUSTOMER && !this.loses(frame))
        socket.deliver(frame);
    }
  }

  /** A new access token of an account, as a response. */
  issue(account: number): Response {
    const payload = btoa(
      JSON.stringify({ sub: String(account), n: ++this.#count, "\u00ff\u00fe?>": "in base64url" }),
    ).replace(/=+$/, "");
    const accessToken = `e30.${payload.replace(/\+/g, "-").replace(/\//g, "_")}.c2ln`;
    this.tokens.set(accessToken, account);
    return json(201, { accessToken, expiresIn: 1800 });
  }

  /** Ends all sessions, as a change of the password elsewhere does. */
  expire(): void {
    this.tokens.clear();
    this.cookies.clear();
  }

  #answer(request: Request): Response {
    const { method, path, query, headers, body } = request;
    const route = `${method} ${path}`;
    const [, role, which] = /^\/(customer|company)\/(session|token)$/.exec(path) ?? [];
    if (role)
      return this.#session(role as Role, `${method} ${which}`, body as { username: string });
    const account = this.tokens.get(headers.get("authorization")?.replace("Bearer ", "") ?? "");
    if (!account) return refusal(401, "unauthenticated");
    const lastSeq = this.messages.length;
    const inRoom = account === CUSTOMER;
    switch (route) {
      case "POST /realtime/tickets": {
        const ticket = `ticket-${++this.#count}`;
        this.tickets.set(ticket, account);
        return json(201, { ticket, url: `/realtime?ticket=${ticket}`, expiresIn: 30 });
      }
      case `GET ${PATH}`: {
        if (!inRoom) return refusal(404, "room_not_found");
        const { readSeq, receiverReadSeq, receiverDeleted, blocked } = this;
        const receiver = {
          receiverId: COMPANY,
          receiverName: "새벽빵집",
          receiverImageUrl: null,
          receiverDeleted,
        };
        const markers = { readSeq, receiverReadSeq, lastSeq, blocked };
        return json(200, { id: ROOM, ...receiver, ...markers, messages: this.messages.slice(-20) });
      }
      case `GET ${PATH}/messages`: {
        if (!inRoom) return refusal(404, "room_not_found");
        const limit = Number(query.get("limit") ?? 20);
        const [after, before] = [query.get("after"), query.get("before")];
        const messages = before
          ? this.messages.slice(0, Number(before) - 1).slice(-limit)
          : this.messages.slice(Number(after)).slice(0, limit);
        return json(200, { messages, lastSeq });
      }
      case "GET /customers/me":
        return json(200, { id: account, username: "haneul01", name: "김하늘", imageUrl: null });
      case "PATCH /customers/me/password":
        return json(204, null);
      case "DELETE /customers/me":
        this.expire();
        return json(204, null);
      default:
        return refusal(
          404,
          path.startsWith("/customer/chatrooms/") ? "room_not_found" : "route_not_found",
        );
    }
  }

  #session(role: Role, action: string, body: { username: string } | undefined): Response {
    if (action === "POST session") {
      const account = ACCOUNTS[body?.username ?? ""];
      if (account?.role !== role) return refusal(400, "login_failed");
      this.cookies.set(role, account.id);
      return this.issue(account.id);
    }
    const account = this.cookies.get(role);
    if (action === "POST token")
      return account ? this.issue(account) : refusal(400, "invalid_refresh_token");
    this.cookies.delete(role);
    for (const [token, owner] of this.tokens) if (owner === account) this.tokens.delete(token);
    return json(204, null);
  }
}

/** The push of a message. */
export const pushOf = (message: Message, roomId = ROOM): ServerFrame & { type: "message" } => ({
  type: "message",
  roomId,
  message,
  sender: { name: message.senderId === COMPANY ? "새벽빵집" : "김하늘", imageUrl: null },
});
