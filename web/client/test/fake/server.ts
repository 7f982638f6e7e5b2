/** A ChatChat in memory, for one room between customer 12 and company 7, with handles for what goes wrong on the way. */

import type { Message, ServerFrame } from "../../src/index.js";
import { FakeSocket } from "./socket.js";

export const ROOM = 31;
export const CUSTOMER = 12;
export const COMPANY = 7;
export const PATH = `/customer/chatrooms/${ROOM}`;
/** How long anything takes from one end to the other. */
export const LATENCY_MS = 5;

export interface Request {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Headers;
  credentials: string | undefined;
  body: unknown;
}

export const json = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(status === 204 ? null : JSON.stringify(body), { status, headers });

export const refusal = (status: number, code: string, headers: Record<string, string> = {}): Response =>
  json(status, { code, message: `refused: ${code}`, requestId: "request-1" }, headers);

/** Resolves after this long on whatever clock is in force. */
export const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class FakeServer {
  readonly requests: Request[] = [];
  readonly sockets: FakeSocket[] = [];
  readonly messages: Message[] = [];
  readonly tickets = new Set<string>();
  readonly tokens = new Set<string>();
  /** Whether the refresh cookie, which all callers share as the tabs of a browser do, is good. */
  cookie = true;
  /** Lost frames to the client: a push that this says true for does not arrive. */
  loses: (frame: ServerFrame) => boolean = () => false;
  readSeq = 0;
  receiverReadSeq = 0;
  #count = 0;
  #intercepts: ((request: Request) => Response | Error | undefined | Promise<Response | Error | undefined>)[] = [];

  /** Answers instead of the product, the newest first; undefined passes it on, an Error is a network that failed. */
  intercept(answer: (request: Request) => Response | Error | undefined | Promise<Response | Error | undefined>): () => void {
    this.#intercepts.unshift(answer);
    return () => (this.#intercepts = this.#intercepts.filter((other) => other !== answer));
  }

  /** How often a route was called, such as `"POST /token"`. */
  calls(route: string): number {
    return this.requests.filter(({ method, path }) => `${method} ${path}` === route).length;
  }

  readonly fetch = async (input: string | URL | globalThis.Request, init: RequestInit = {}): Promise<Response> => {
    const { pathname: path, searchParams: query } = new URL(String(input));
    const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : init.body;
    const { method = "GET", credentials } = init;
    const request = { method, path, query, headers: new Headers(init.headers), credentials, body };
    this.requests.push(request);
    await later(LATENCY_MS);
    init.signal?.throwIfAborted();
    let answer: Response | Error | undefined;
    for (const intercept of this.#intercepts) answer ??= await intercept(request);
    answer ??= this.#answer(request);
    await later(LATENCY_MS);
    init.signal?.throwIfAborted();
    if (answer instanceof Error) throw answer;
    return answer;
  };

  /** The constructor for `createChat`. */
  get WebSocket(): new (url: string) => FakeSocket {
    const server = this;
    return class extends FakeSocket {
      constructor(url: string) {
        super(url, server);
      }
    };
  }

  /** The connections that are open. */
  get open(): FakeSocket[] {
    return this.sockets.filter((socket) => socket.state === "open");
  }

  /** The newest connection. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("nobody has connected");
    return socket;
  }

  /** Keeps a message; the same `clientMessageId` again gives the first. */
  keep(senderId: number, content: string, clientMessageId?: string): { message: Message; isNew: boolean } {
    const before = this.messages.find((message) => clientMessageId && message.clientMessageId === clientMessageId);
    if (before) return { message: before, isNew: false };
    const seq = this.messages.length + 1;
    const createdAt = new Date(1_795_339_800_000 + seq).toISOString();
    const message: Message = { id: 900 + seq, seq, senderId, type: "general", content, createdAt, ...(clientMessageId && { clientMessageId }) };
    this.messages.push(message);
    return { message, isNew: true };
  }

  /** The company writes; everybody connected hears of it. */
  say(content: string): Message {
    const { message } = this.keep(COMPANY, content);
    this.push({ type: "message", roomId: ROOM, message });
    return message;
  }

  /** Sends a frame to every connection but one. */
  push(frame: ServerFrame, but?: FakeSocket): void {
    for (const socket of this.open) if (socket !== but && !this.loses(frame)) socket.deliver(frame);
  }

  issue(): Response {
    const accessToken = `token-${++this.#count}`;
    this.tokens.add(accessToken);
    return json(201, { accessToken, expiresIn: 1800 });
  }

  #answer(request: Request): Response {
    const { method, path, query, headers } = request;
    const route = `${method} ${path}`;
    if (/^POST \/(customer|company)\/session$/.test(route)) return (this.cookie = true), this.issue();
    if (route === "POST /token") return this.cookie ? this.issue() : refusal(400, "invalid_refresh_token");
    if (route === "DELETE /logout") return (this.cookie = false), this.tokens.clear(), json(204, null);
    if (!this.tokens.has(headers.get("authorization")?.replace("Bearer ", "") ?? "")) return refusal(401, "unauthenticated");
    const lastSeq = this.messages.length;
    switch (route) {
      case "POST /realtime/tickets": {
        const ticket = `ticket-${++this.#count}`;
        this.tickets.add(ticket);
        return json(201, { ticket, url: `ws://chat.test/live?ticket=${ticket}`, expiresIn: 30 });
      }
      case `GET ${PATH}`: {
        const { readSeq, receiverReadSeq } = this;
        const receiver = { receiverId: COMPANY, receiverName: "새벽빵집", receiverImageUrl: null, receiverDeleted: false };
        const page = { current: 1, total: Math.ceil(lastSeq / 20) };
        return json(200, { id: ROOM, ...receiver, readSeq, receiverReadSeq, lastSeq, messages: this.messages.slice(-20), page });
      }
      case `GET ${PATH}/messages`: {
        const limit = Number(query.get("limit") ?? 20);
        const [after, before] = [query.get("after"), query.get("before")];
        const messages = before
          ? this.messages.slice(0, Number(before) - 1).slice(-limit)
          : this.messages.slice(Number(after)).slice(0, limit);
        return json(200, { messages, lastSeq });
      }
      case "GET /customers/me":
        return json(200, { id: CUSTOMER, username: "haneul01", name: "김하늘", imageUrl: null });
      default:
        return refusal(404, path.startsWith("/customer/chatrooms/") ? "room_not_found" : "route_not_found");
    }
  }
}
