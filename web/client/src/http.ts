/** HTTP requests, with types from the OpenAPI document. */

import type { paths } from "./api.js";
import { ChatError } from "./error.js";
import { fits } from "./frames.js";
import type { Role } from "./session.js";
import { bounded, type Waiting } from "./wait.js";

type Verb = "get" | "post" | "put" | "patch" | "delete";
type Path = keyof paths & string;

/** Every route of the HTTP API, such as `"GET /customer/chatrooms/{id}"`. */
export type Route = {
  [P in Path]: {
    [V in Verb]: paths[P][V] extends { responses: unknown } ? `${Uppercase<V>} ${P}` : never;
  }[Verb];
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

/**
 * The path and query parameters of a route, and its body. The body of `POST /files` is a
 * `FormData`. The time limit is 30 seconds for a call and 5 minutes for an upload.
 */
export type Input<R extends Route> = InPath<Operation<R>> &
  InQuery<Operation<R>> &
  InBody<Operation<R>> &
  Waiting;

type Good = 200 | 201 | 204;

/** The response of a route; undefined for 204. */
export type Answer<R extends Route> =
  Operation<R> extends { responses: infer A }
    ? {
        [S in keyof A]: S extends Good
          ? A[S] extends { content: { "application/json": infer T } }
            ? T
            : undefined
          : never;
      }[keyof A]
    : never;

/** The arguments after the route; none if the route requires nothing. */
export type Arguments<R extends Route> =
  Record<never, never> extends Input<R> ? [input?: Input<R>] : [input: Input<R>];

/**
 * The routes of `logIn`, `logOut` and `resume`. They cannot be called directly, because the chat
 * needs their outcome.
 */
type SessionRoute = `${"POST" | "DELETE"} /${Role}/${"session" | "token"}`;

/** Calls a route. */
export type Call = <R extends Exclude<Route, SessionRoute>>(
  route: R,
  ...input: Arguments<R>
) => Promise<Answer<R>>;

/** Sends one request, with an access token if one is given. @internal */
export type Send = <R extends Route>(
  token: string | undefined,
  route: R,
  ...input: Arguments<R>
) => Promise<Answer<R>>;

/** The input of any route. */
interface AnyInput extends Waiting {
  path?: Record<string, unknown>;
  query?: Record<string, string>;
  body?: unknown;
}

/** The time limit of a call, which is also API Gateway's. */
const CALL_MS = 30_000;
/** The time limit of an upload: 4 MiB over a slow mobile network. */
const UPLOAD_MS = 300_000;
/** The longest accepted `Retry-After`, one day. `setTimeout` cannot wait longer than 24 days. */
const MAX_RETRY_AFTER = 86_400;

/**
 * The routes that read, set or clear the refresh cookie. Only these requests contain cookies, and
 * only one of them may run at a time.
 *
 * @internal
 */
export const USES_COOKIE = /\/(session|token)$|\/me\/password$|^DELETE \S+\/me$/;

/** Sends requests to the API below `base`. @internal */
export const createSend = (
  base: string,
  fetch: typeof globalThis.fetch,
  language: string | undefined,
): Send => {
  const send = (
    token: string | undefined,
    route: string,
    input: AnyInput = {},
  ): Promise<unknown> => {
    const { path, query, body } = input;
    const [method = "", template = ""] = route.split(" ");
    const form = body instanceof FormData;
    const headers: Record<string, string> = {};
    if (token) headers.authorization = `Bearer ${token}`;
    if (language) headers["accept-language"] = language;
    // `fetch` sets the content type of a form, because it chooses the boundary.
    if (body && !form) headers["content-type"] = "application/json";
    const target = template.replace(/{(\w+)}/g, (_, name: string) =>
      encodeURIComponent(String(path?.[name])),
    );
    const url = base + target + (query ? `?${new URLSearchParams(query)}` : "");
    return bounded(form ? UPLOAD_MS : CALL_MS, input.signal, async (signal) => {
      let answer: Response;
      let text: string;
      try {
        answer = await fetch(url, {
          method,
          headers,
          body: form ? body : body ? JSON.stringify(body) : null,
          credentials: USES_COOKIE.test(route) ? "include" : "omit",
          signal,
        });
        text = await answer.text();
      } catch (cause) {
        signal.throwIfAborted();
        throw new ChatError({ code: "network", message: "The server cannot be reached.", cause });
      }
      const { ok, status } = answer;
      let json: unknown;
      try {
        json = JSON.parse(text);
      } catch {
        // The response has no body, or is not from ChatChat.
      }
      if (ok && (status === 204 || fits(json, {}))) return json;
      throw errorOf(answer, ok || !fits(json, {}) ? {} : (json as Record<string, unknown>));
    });
  };
  return send as Send;
};

/** Creates the error of a response. Fields that do not have the expected form are left out. */
const errorOf = ({ status, headers }: Response, json: Record<string, unknown>): ChatError => {
  const text = (name: string): string | undefined =>
    fits(json[name], "") ? (json[name] as string) : undefined;
  const seconds = Number(headers.get("retry-after"));
  return new ChatError({
    code: (text("code") ?? "gateway") as ChatError["code"],
    message: text("message") ?? `The server returned HTTP ${status}.`,
    requestId: text("requestId") ?? headers.get("apigw-requestid") ?? undefined,
    fields: fits(json.fields, [{ field: "", code: "", message: "" }])
      ? (json.fields as ChatError["fields"])
      : undefined,
    status,
    retryAfter: seconds > 0 ? Math.min(seconds, MAX_RETRY_AFTER) : undefined,
  });
};
