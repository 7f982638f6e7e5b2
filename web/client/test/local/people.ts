/** People for tests against a real ChatChat: programs with a cookie store of their own, behind a network of their own. */

import WebSocket from "ws";
import { createChat, type Chat, type ChatOptions, type Role } from "../../src/index.js";

export const PASSWORD = "haneul-2026";

/** The local cloud to test against. */
export const cloud = (): URL => {
  const url = process.env["CHATCHAT_URL"];
  if (!url) {
    throw new Error("CHATCHAT_URL is not set. Start a local cloud (`cargo xtask up --port 8090`), then run `CHATCHAT_URL=http://localhost:8090 npm run test:local`.");
  }
  return new URL(url);
};

let count = 0;
/** A username that nobody has. */
export const newUsername = (): string => `t${Date.now().toString(36)}${(Math.random() * 1e6).toFixed(0)}x${count++}`;

/** `fetch` as a browser has it: the refresh cookie is kept, and sent where the call includes credentials. */
export const withCookies = (): typeof fetch => {
  let cookie = "";
  return async (input, init = {}) => {
    const included = init.credentials === "include";
    const headers = new Headers(init.headers);
    if (included && cookie) headers.set("cookie", cookie);
    const answer = await fetch(input, { ...init, headers });
    for (const set of included ? answer.headers.getSetCookie() : []) cookie = set.split(";", 1)[0] ?? "";
    return answer;
  };
};

/** What a program outside of browsers gives to `createChat`, with everything going through a port of its own. */
export const throughPort = (role: Role, port: number): ChatOptions => ({
  url: `http://127.0.0.1:${port}`,
  role,
  fetch: withCookies(),
  // A ticket names the cloud's own address.
  WebSocket: class extends WebSocket {
    constructor(url: string) {
      const through = new URL(url);
      through.host = `127.0.0.1:${port}`;
      super(through);
    }
  },
});

/** Somebody new, logged in without a network that fails. */
export const signUp = async (role: Role, name: string): Promise<{ chat: Chat; id: number; username: string }> => {
  const chat = createChat({ url: cloud().href, role, fetch: withCookies(), WebSocket });
  const username = newUsername();
  const body = { username, password: PASSWORD, confirmPassword: PASSWORD, name };
  const { id } = await chat.call(role === "customer" ? "POST /customers" : "POST /companies", { body });
  await chat.logIn(username, PASSWORD);
  return { chat, id, username };
};

/** Waits until something holds, with a limit. */
export const until = async (what: string, holds: () => boolean, seconds = 60): Promise<void> => {
  const end = performance.now() + seconds * 1_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${seconds} seconds: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
