import { describe, expect, expectTypeOf, test } from "vitest";
import { ChatError, type Answer, type Call, type Message, type Route } from "../src/index.js";
import { chatWith, failure, during, useFakeClock, URL_OF_API } from "./fake/chat.js";
import { FakeServer, json } from "./fake/server.js";

useFakeClock();

const answered = async (response: Response | Error) => {
  const server = new FakeServer();
  server.intercept(() => response);
  return failure(chatWith(server).call("GET /health"));
};

describe("a call", () => {
  test("puts parameters into path and query, the body into JSON, and names the caller", async () => {
    const server = new FakeServer();
    const chat = chatWith(server, { url: `${URL_OF_API}/`, language: "en" });
    await during(chat.logIn("haneul01", "sky-2026x"));
    server.intercept(({ path }) => (path.startsWith("/company/auto-replies") ? json(204, null) : undefined));

    const answer = await during(
      chat.call("PATCH /company/auto-replies/{id}", { path: { id: 5 }, body: { question: "되나요?", answer: "네." } }),
    );

    expect(answer).toBeUndefined();
    const request = server.requests.at(-1)!;
    expect(request).toMatchObject({ method: "PATCH", path: "/company/auto-replies/5", credentials: "omit" });
    expect(request.body).toEqual({ question: "되나요?", answer: "네." });
    expect(request.headers.get("content-type")).toBe("application/json");
    expect(request.headers.get("authorization")).toBe("Bearer token-1");
    expect(request.headers.get("accept-language")).toBe("en");
  });

  test("escapes what stands in the query", async () => {
    const server = new FakeServer();
    server.intercept(() => json(200, { companySummaries: [], page: { current: 1, total: 0 } }));
    await during(chatWith(server).call("GET /companies", { query: { keyword: "a&b=꽃 집", page: 2 } }));
    expect([...server.requests.at(-1)!.query]).toEqual([["keyword", "a&b=꽃 집"], ["page", "2"]]);
  });

  test("sends a form as it is, without a type of its own, so that fetch names the boundary", async () => {
    const server = new FakeServer();
    server.intercept(() => json(201, { url: "https://pictures.test/profile/1.png" }));
    const form = new FormData();
    form.set("file", new Blob(["picture"]));
    await during(chatWith(server).call("POST /files", { query: { folder: "profile" }, body: form }));
    const { body, headers, query } = server.requests.at(-1)!;
    expect(body).toBe(form);
    expect(headers.has("content-type")).toBe(false);
    expect(query.get("folder")).toBe("profile");
  });

  test("sends the refresh cookie to the routes that need it and to no other", async () => {
    const server = new FakeServer();
    const chat = chatWith(server);
    await during(chat.logIn("haneul01", "sky-2026x"));
    await during(chat.call("GET /customers/me"));
    await during(chat.logOut());
    await during(chat.resume());
    expect(server.requests.map(({ method, path, credentials }) => [`${method} ${path}`, credentials])).toEqual([
      ["POST /customer/session", "include"],
      ["GET /customers/me", "omit"],
      ["DELETE /logout", "include"],
      ["POST /token", "include"],
    ]);
  });
});

describe("an error", () => {
  test("of the product tells code, message, fields and request", async () => {
    const fields = [{ field: "name", code: "too_long", message: "최대 20까지 쓸 수 있습니다." }];
    const error = await answered(json(400, { code: "validation_failed", message: "입력값을 확인해 주세요.", requestId: "r1", fields }));
    expect(error).toBeInstanceOf(ChatError);
    expect(error).toMatchObject({ status: 400, code: "validation_failed", message: "입력값을 확인해 주세요.", requestId: "r1", fields });
    expect((error as ChatError).transient).toBe(false);
  });

  test("tells after how many seconds to try again", async () => {
    const body = { code: "unavailable", message: "잠시 후에 다시 시도해 주세요.", requestId: "r1" };
    const error = await answered(json(503, body, { "retry-after": "7" }));
    expect(error).toMatchObject({ status: 503, code: "unavailable", retryAfter: 7, transient: true });
  });

  test("of API Gateway itself, which has only a message, is shown with it", async () => {
    const error = await answered(json(429, { message: "Too Many Requests" }, { "apigw-requestid": "g1" }));
    expect(error).toMatchObject({ status: 429, code: "gateway", message: "Too Many Requests", requestId: "g1", transient: true });
  });

  test("that is no JSON is told by its status", async () => {
    const error = await answered(new Response("<html>Bad Gateway</html>", { status: 502 }));
    expect(error).toMatchObject({ status: 502, code: "gateway", message: "The server answered with HTTP 502.", retryAfter: undefined });
  });

  test("is also a login page of a hotel that answers everything with 200", async () => {
    expect(await answered(new Response("<html>Welcome</html>", { status: 200 }))).toMatchObject({ status: 200, code: "gateway" });
  });

  test("is a network that fails", async () => {
    const cause = new TypeError("fetch failed");
    expect(await answered(cause)).toMatchObject({ status: 0, code: "network", transient: true, cause });
  });

  test("of a call that its caller ended is the caller's reason", async () => {
    const ending = new AbortController();
    const call = chatWith(new FakeServer()).call("GET /health", { signal: ending.signal });
    ending.abort(new Error("not wanted any more"));
    expect(await failure(call)).toMatchObject({ message: "not wanted any more" });
  });
});

test("the types know every route, what it takes and what it answers", () => {
  expectTypeOf<"DELETE /companies/me">().toExtend<Route>();
  expectTypeOf<"PUT /company/chatrooms/{id}/read">().toExtend<Route>();
  expectTypeOf<"GET /customer/session">().not.toExtend<Route>();
  expectTypeOf<"GET /nowhere">().not.toExtend<Route>();
  expectTypeOf<Answer<"GET /customer/chatrooms/{id}/messages">>().toEqualTypeOf<{ messages: Message[]; lastSeq: number }>();
  expectTypeOf<Answer<"POST /customer/chatrooms">>().toEqualTypeOf<{ chatRoomId: number }>();
  expectTypeOf<Answer<"DELETE /logout">>().toEqualTypeOf<undefined>();

  // Never run: what must not compile.
  void ((call: Call) => {
    // @ts-expect-error A body is needed.
    void call("POST /customer/chatrooms");
    // @ts-expect-error The path has an id.
    void call("GET /companies/{id}", { query: {} });
    // @ts-expect-error This route has no query.
    void call("GET /customers/me", { query: { page: 1 } });
    // @ts-expect-error A file comes in a form.
    void call("POST /files", { query: { folder: "profile" }, body: { file: "flower.jpg" } });
    // @ts-expect-error There is no such field.
    void call("POST /company/session", { body: { username: "a", password: "b", role: "company" } });
  });
});
