import { describe, expect, expectTypeOf, test, vi } from "vitest";
import {
  type Answer,
  type Call,
  ChatError,
  createChat,
  type Message,
  type Route,
} from "../src/index.js";
import { chatWith, during, failure, pass, SECOND, URL_OF_API, useFakeClock } from "./fake/chat.js";
import { FakeServer, json } from "./fake/server.js";

useFakeClock();

const answered = async (response: Response | Error) => {
  const server = new FakeServer();
  server.intercept(() => response);
  return failure(chatWith(server).call("GET /health"));
};

describe("a call", () => {
  test("puts its input into path, query, body and headers", async () => {
    const server = new FakeServer();
    const chat = chatWith(server, { url: `${URL_OF_API}/`, language: "en" });
    await during(chat.logIn("haneul01", "sky-2026x"));
    server.intercept(({ path }) =>
      path.startsWith("/company/auto-replies") ? json(204, null) : undefined,
    );

    const answer = await during(
      chat.call("PATCH /company/auto-replies/{id}", {
        path: { id: 5 },
        body: { question: "되나요?", answer: "네." },
      }),
    );

    expect(answer).toBeUndefined();
    const request = server.requests.at(-1)!;
    expect(request).toMatchObject({
      method: "PATCH",
      path: "/company/auto-replies/5",
      credentials: "omit",
    });
    expect(request.body).toEqual({ question: "되나요?", answer: "네." });
    expect(request.headers.get("content-type")).toBe("application/json");
    expect(server.tokens.get(request.headers.get("authorization")!.replace("Bearer ", ""))).toBe(
      12,
    );
    expect(request.headers.get("accept-language")).toBe("en");
  });

  test("escapes the query", async () => {
    const server = new FakeServer();
    server.intercept(() => json(200, { companySummaries: [], page: { current: 1, total: 0 } }));
    await during(
      chatWith(server).call("GET /companies", { query: { keyword: "a&b=꽃 집", page: 2 } }),
    );
    expect([...server.requests.at(-1)!.query]).toEqual([
      ["keyword", "a&b=꽃 집"],
      ["page", "2"],
    ]);
  });

  test("sends a form without a content type, which fetch adds", async () => {
    const server = new FakeServer();
    server.intercept(() => json(201, { url: "/pictures/profile/1.png" }));
    const form = new FormData();
    form.set("file", new Blob(["picture"]));
    await during(
      chatWith(server).call("POST /files", { query: { folder: "profile" }, body: form }),
    );
    const { body, headers, query } = server.requests.at(-1)!;
    expect(body).toBe(form);
    expect(headers.has("content-type")).toBe(false);
    expect(query.get("folder")).toBe("profile");
  });

  test("sends the cookie only to the routes that read or set it", async () => {
    const server = new FakeServer();
    const chat = chatWith(server);
    await during(chat.logIn("haneul01", "sky-2026x"));
    await during(chat.call("GET /customers/me"));
    const body = {
      password: "sky-2026x",
      newPassword: "sky-2027x",
      confirmNewPassword: "sky-2027x",
    };
    await during(chat.call("PATCH /customers/me/password", { body }));
    await during(chat.logOut());
    await during(chat.resume());
    expect(
      server.requests.map(({ method, path, credentials }) => [`${method} ${path}`, credentials]),
    ).toEqual([
      ["POST /customer/session", "include"],
      ["GET /customers/me", "omit"],
      ["PATCH /customers/me/password", "include"],
      ["DELETE /customer/session", "include"],
      ["POST /customer/token", "include"],
    ]);
  });

  test("goes to /api on the page's own origin by default", async () => {
    vi.stubGlobal("location", { href: "https://chat.example.com/rooms/31?x=1" });
    const urls: string[] = [];
    const fetch = async (input: unknown): Promise<Response> => {
      urls.push(String(input));
      return json(200, { status: "ok" });
    };
    await createChat({ role: "customer", fetch }).call("GET /health");
    await createChat({ role: "customer", fetch, url: "/elsewhere/api" }).call("GET /health");
    expect(urls).toEqual([
      "https://chat.example.com/api/health",
      "https://chat.example.com/elsewhere/api/health",
    ]);
  });

  test("needs an absolute URL outside of a page", () => {
    expect(() => createChat({ role: "customer" })).toThrow(TypeError);
  });

  test("fails after 30 seconds without an answer, with or without a signal", async () => {
    // A fetch that does not obey its signal.
    const fetch = () => new Promise<never>(() => {});
    for (const input of [{}, { signal: new AbortController().signal }]) {
      const call = chatWith(new FakeServer(), { fetch }).call("GET /health", input);
      expect(await failure(call, 30 * SECOND)).toMatchObject({ code: "network", transient: true });
    }
  });

  test("fails when its body does not end", async () => {
    const fetch = async () =>
      ({
        ok: true,
        status: 200,
        headers: new Headers(),
        text: () => new Promise(() => {}),
      }) as Response;
    const call = chatWith(new FakeServer(), { fetch }).call("GET /health");
    expect(await failure(call, 30 * SECOND)).toMatchObject({ code: "network" });
  });

  test("gives an upload 5 minutes", async () => {
    const fetch = () => new Promise<never>(() => {});
    let error: unknown;
    const call = chatWith(new FakeServer(), { fetch }).call("POST /files", {
      query: { folder: "profile" },
      body: new FormData(),
    });
    call.catch((caught: unknown) => (error = caught));
    await pass(299 * SECOND);
    expect(error).toBeUndefined();
    await pass(2 * SECOND);
    expect(error).toMatchObject({ code: "network" });
  });

  test("ends with the reason of its signal, although fetch does not obey", async () => {
    const fetch = () => new Promise<never>(() => {});
    const ending = new AbortController();
    const call = chatWith(new FakeServer(), { fetch }).call("GET /health", {
      signal: ending.signal,
    });
    ending.abort(new Error("not wanted any more"));
    expect(await failure(call, 0)).toMatchObject({ message: "not wanted any more" });
    expect(
      await failure(chatWith(new FakeServer()).call("GET /health", { signal: ending.signal }), 0),
    ).toBe(ending.signal.reason);
  });
});

describe("an error", () => {
  test("has the code, message, fields and request id of the product", async () => {
    const fields = [{ field: "name", code: "too_long", message: "최대 20까지 쓸 수 있습니다." }];
    const error = await answered(
      json(400, {
        code: "validation_failed",
        message: "입력값을 확인해 주세요.",
        requestId: "r1",
        fields,
      }),
    );
    expect(error).toBeInstanceOf(ChatError);
    expect(error).toMatchObject({
      status: 400,
      code: "validation_failed",
      message: "입력값을 확인해 주세요.",
      requestId: "r1",
      fields,
    });
    expect((error as ChatError).transient).toBe(false);
  });

  test.each([
    ["7", 7],
    ["0.5", 0.5],
    ["-3", undefined],
    ["Wed, 21 Oct 2026 07:28:00 GMT", undefined],
    ["31536000", 86_400],
    ["1e400", 86_400],
  ])("with Retry-After: %s allows a retry after %s seconds", async (header, retryAfter) => {
    const body = { code: "unavailable", message: "잠시 후에 다시 시도해 주세요.", requestId: "r1" };
    const error = await answered(json(503, body, { "retry-after": header }));
    expect(error).toMatchObject({ status: 503, code: "unavailable", retryAfter, transient: true });
  });

  test.each(["too_many_attempts", "too_many_requests"])("with %s is transient", async (code) => {
    const body = { code, message: "잠시 후에 다시 시도해 주세요.", requestId: "r1" };
    expect(await answered(json(429, body, { "retry-after": "7" }))).toMatchObject({
      code,
      retryAfter: 7,
      transient: true,
    });
  });

  test("of API Gateway has its message", async () => {
    const error = await answered(
      json(429, { message: "Too Many Requests" }, { "apigw-requestid": "g1" }),
    );
    expect(error).toMatchObject({
      status: 429,
      code: "gateway",
      message: "Too Many Requests",
      requestId: "g1",
      transient: true,
    });
  });

  const others: [string, Response][] = [null, 3, "x", true, []].flatMap((body) =>
    [200, 500].map((status): [string, Response] => [
      `${JSON.stringify(body)} with ${status}`,
      json(status, body),
    ]),
  );
  test.each<[string, Response]>([
    ["HTML with 502", new Response("<html>Bad Gateway</html>", { status: 502 })],
    ["the login page of a hotel", new Response("<html>Welcome</html>", { status: 200 })],
    ["an empty body", new Response("", { status: 200 })],
    ...others,
    ["fields of wrong types", json(400, { code: 5, message: {}, requestId: [], fields: "x" })],
    ["401 without a code", json(401, { error: "proxy login required" })],
  ])("is `gateway` for %s", async (_, response) => {
    const error = await answered(response);
    expect(error).toBeInstanceOf(ChatError);
    const { status } = response;
    expect(error).toMatchObject({
      status,
      code: "gateway",
      message: `The server returned HTTP ${status}.`,
    });
    expect(error).toMatchObject({ requestId: undefined, fields: undefined, retryAfter: undefined });
  });

  test("of a network that fails has its cause", async () => {
    const cause = new TypeError("fetch failed");
    expect(await answered(cause)).toMatchObject({
      status: 0,
      code: "network",
      transient: true,
      cause,
    });
  });
});

test("the types know every route, its input and its response", () => {
  expectTypeOf<"DELETE /companies/me">().toExtend<Route>();
  expectTypeOf<"PUT /company/chatrooms/{id}/read">().toExtend<Route>();
  expectTypeOf<"GET /customers/me/sessions">().toExtend<Route>();
  expectTypeOf<"GET /customer/session">().not.toExtend<Route>();
  expectTypeOf<"GET /nowhere">().not.toExtend<Route>();
  expectTypeOf<Answer<"GET /customer/chatrooms/{id}/messages">>().toEqualTypeOf<{
    messages: Message[];
    lastSeq: number;
  }>();
  expectTypeOf<Answer<"POST /customer/chatrooms">>().toEqualTypeOf<{ chatRoomId: number }>();
  expectTypeOf<Answer<"DELETE /companies/me/sessions/{id}">>().toEqualTypeOf<undefined>();

  // Never run: this must not compile.
  void ((call: Call) => {
    // @ts-expect-error A body is required.
    void call("POST /customer/chatrooms");
    // @ts-expect-error The path has an id.
    void call("GET /companies/{id}", { query: {} });
    // @ts-expect-error This route has no query.
    void call("GET /customers/me", { query: { page: 1 } });
    // @ts-expect-error A file comes in a form.
    void call("POST /files", { query: { folder: "profile" }, body: { file: "flower.jpg" } });
    // @ts-expect-error There is no such field.
    void call("PATCH /companies/me", { body: { name: "a", role: "company" } });
    // @ts-expect-error `logIn` exists for this.
    void call("POST /company/session", { body: { username: "a", password: "b" } });
  });
});
