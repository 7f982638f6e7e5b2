/** One HTTP request: its types from the OpenAPI document, its answer or its {@link ChatError}. */

import type { paths } from "./api.js";
import { ChatError, type ErrorDetails } from "./error.js";

type Verb = "get" | "post" | "put" | "patch" | "delete";
type Path = keyof paths & string;

/** Every route there is, such as `"GET /customer/chatrooms/{id}"`. */
export type Route = {
  [P in Path]: { [V in Verb]: paths[P][V] extends { responses: unknown } ? `${Uppercase<V>} ${P}` : never }[Verb];
}[Path];

type Operation<R extends Route> = R extends `${infer V} ${infer P extends Path}`
  ? paths[P][Lowercase<V> & keyof paths[P]]
  : never;

type InPath<O> = O extends { parameters: { path: infer T } } ? { path: T } : { path?: never };

type InQuery<O> = O extends { parameters: { query: infer T } }
  ? { query: T }
  : O extends { parameters: { query?: infer T } }
    ? { query?: T }
    : never;

type InBody<O> = O extends { requestBody: { content: infer C } }
  ? { body: C extends { "application/json": infer T } ? T : FormData }
  : { body?: never };

/** What a route takes: the parameters in its path and its query, and its body; `POST /files` takes a `FormData`. */
export type Input<R extends Route> = InPath<Operation<R>> &
  InQuery<Operation<R>> &
  InBody<Operation<R>> & {
    /** Ends the call early; it then fails with the signal's reason. Without one a call is given 30 seconds, and an upload any time. */
    signal?: AbortSignal;
  };

type Good = 200 | 201 | 204;

/** What a route answers with; undefined where it has nothing to say. */
export type Answer<R extends Route> = Operation<R> extends { responses: infer A }
  ? {
      [S in keyof A]: S extends Good
        ? A[S] extends { content: { "application/json": infer T } }
          ? T
          : undefined
        : never;
    }[keyof A]
  : never;

/** The arguments after the route; none are needed where nothing is required. */
export type Arguments<R extends Route> = Record<never, never> extends Input<R> ? [input?: Input<R>] : [input: Input<R>];

/** Calls a route. */
export type Call = <R extends Route>(route: R, ...input: Arguments<R>) => Promise<Answer<R>>;

/** Sends one request with this access token, or without. */
export type Send = <R extends Route>(
  token: string | undefined,
  route: R,
  ...input: Arguments<R>
) => Promise<Answer<R>>;

/** What any input may have, for the code below that does not know the route. */
interface AnyInput {
  path?: Record<string, unknown>;
  query?: Record<string, string>;
  body?: unknown;
  signal?: AbortSignal;
}

/** @internal */
export interface HttpOptions {
  url: string;
  fetch?: typeof fetch;
  language?: string;
}

/** The time that API Gateway gives a request; after it there is no answer to wait for. */
const PATIENCE_MS = 30_000;

/** The routes that set, read or take back the refresh cookie; no other is sent one. */
const WITH_COOKIE = /\/(session|token|logout)$/;

/** Sends requests to one ChatChat. @internal */
export const createSend = ({ url, fetch = globalThis.fetch, language }: HttpOptions): Send => {
  const base = url.replace(/\/+$/, "");

  const send = async (token: string | undefined, route: string, input: AnyInput = {}): Promise<unknown> => {
    const { path, query, body, signal } = input;
    const [method = "", template = ""] = route.split(" ");
    const form = body instanceof FormData;
    const headers: Record<string, string> = {};
    if (token) headers["authorization"] = `Bearer ${token}`;
    if (language) headers["accept-language"] = language;
    // A form's type names its boundary, which only `fetch` knows.
    if (body && !form) headers["content-type"] = "application/json";
    const target = template.replace(/{(\w+)}/g, (_, name: string) => encodeURIComponent(String(path?.[name])));
    let answer: Response;
    let text: string;
    try {
      answer = await fetch(base + target + (query ? `?${new URLSearchParams(query)}` : ""), {
        method,
        headers,
        body: form ? body : body ? JSON.stringify(body) : null,
        credentials: WITH_COOKIE.test(template) ? "include" : "omit",
        signal: signal ?? (form ? null : AbortSignal.timeout(PATIENCE_MS)),
      });
      text = await answer.text();
    } catch (cause) {
      signal?.throwIfAborted();
      throw new ChatError({ code: "network", message: "The server cannot be reached.", cause });
    }
    const { ok, status } = answer;
    let json: Partial<ErrorDetails> | undefined;
    try {
      json = JSON.parse(text);
    } catch {
      // Not the product's answer, unless it has nothing to say.
    }
    if (ok && (json || status === 204)) return json;
    throw new ChatError({
      code: "gateway",
      message: `The server answered with HTTP ${status}.`,
      requestId: answer.headers.get("apigw-requestid") ?? undefined,
      ...json,
      status,
      retryAfter: Number(answer.headers.get("retry-after")) || undefined,
    });
  };
  return send as Send;
};
