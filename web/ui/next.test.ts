import { expect, test, vi } from "vitest";
import { safeNext, withNext } from "./next.js";

test.each([
  ["/rooms/3", "/rooms/3"],
  ["/c/7?chat", "/c/7?chat"],
  ["/?q=%EB%B9%B5", "/?q=%EB%B9%B5"],
  ["/desk/rooms/3#end", "/desk/rooms/3#end"],
])("%j is followed after a login", (next, path) => {
  expect(safeNext(next, "/rooms")).toBe(path);
});

test.each([
  "//evil.example",
  "/\\evil.example",
  "\\\\evil.example",
  "/\t/evil.example",
  "/\n/evil.example",
  "/.//evil.example",
  "/x/..//evil.example",
  "https://evil.example",
  "https:evil.example",
  "https:/evil.example",
  "javascript:alert(1)",
  " //evil.example",
  "//",
  "rooms",
  "",
  null,
  undefined,
])("%j is not followed after a login", (next) => {
  expect(safeNext(next, "/rooms")).toBe("/rooms");
});

test("the login page gets a path as it is", () => {
  const href = withNext("/login", "/c/7?chat");
  expect(href).toBe("/login?next=%2Fc%2F7%3Fchat");
  expect(new URL(href, "https://this.invalid").searchParams.get("next")).toBe("/c/7?chat");
});

test("a browser without URL.canParse follows a path after a login", () => {
  vi.stubGlobal("URL", class extends URL {});
  Object.assign(URL, { canParse: undefined });
  expect(safeNext("/rooms/3", "/rooms")).toBe("/rooms/3");
  expect(safeNext("//", "/rooms")).toBe("/rooms");
  vi.unstubAllGlobals();
});
