/** Accounts for tests against a real ChatChat, each with its own cookies and its own network. */

import { request } from "node:http";
import WebSocket from "ws";
import { type Chat, type ChatOptions, createChat, type Role } from "../../src/index.js";

export const PASSWORD = "haneul-2026";

/** The HTTP API of the local cloud to test against. */
export const cloud = (): URL => {
  const url = process.env.CHATCHAT_URL;
  if (!url) {
    throw new Error(
      "CHATCHAT_URL is not set. Start a local cloud (`cargo xtask up --port 8090`), then run " +
        "`CHATCHAT_URL=http://localhost:8090/api npm run test:local`.",
    );
  }
  return new URL(url);
};

let count = 0;
/** A username that no account has. */
export const newUsername = (): string =>
  `t${Date.now().toString(36)}${(Math.random() * 1e6).toFixed(0)}x${count++}`;

/** `fetch` as in a browser: it stores cookies, and sends them if the call includes credentials. */
export const withCookies = (): typeof fetch => {
  const cookies = new Map<string, string>();
  return async (input, init = {}) => {
    const included = init.credentials === "include";
    const headers = new Headers(init.headers);
    const sent = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    if (included && sent) headers.set("cookie", sent);
    const answer = await fetch(input, { ...init, headers });
    for (const set of included ? answer.headers.getSetCookie() : []) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (value) cookies.set(name, value);
      else cookies.delete(name);
    }
    return answer;
  };
};

/** The options of a program outside of browsers; everything goes through this port. */
export const throughPort = (role: Role, port: number): ChatOptions => ({
  url: `http://127.0.0.1:${port}${cloud().pathname}`,
  role,
  fetch: withCookies(),
  WebSocket,
});

/** Sign-ups are limited for each network, so each of them comes from a new one. */
let networks = process.pid * 256;
/** Returns an address of this machine in a network (a /24) that no other account came from. */
const newNetwork = (): string => {
  const number = networks++;
  // Clients that do not choose an address are in 127.0.0.0/24.
  return `127.${1 + ((number >> 8) % 255)}.${number % 256}.1`;
};

/** Posts JSON from a new network, if the cloud is on this machine. Returns the response as JSON. */
const postFromNewNetwork = (url: URL, body: object): Promise<{ id: number }> =>
  new Promise((resolve, reject) => {
    const isLocal = /^(localhost|127\.0\.0\.1)$/.test(url.hostname);
    const sent = request(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      agent: false,
      ...(isLocal && { localAddress: newNetwork(), family: 4 }),
    });
    sent.on("error", reject);
    sent.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part) => {
        text += part;
      });
      response.on("error", reject);
      response.on("end", () =>
        response.statusCode === 201
          ? resolve(JSON.parse(text))
          : reject(new Error(`POST ${url.pathname}: ${response.statusCode} ${text}`)),
      );
    });
    sent.end(JSON.stringify(body));
  });

/** A new account, logged in over a network that does not fail. */
export const signUp = async (
  role: Role,
  name: string,
): Promise<{ chat: Chat; id: number; username: string }> => {
  const chat = createChat({ url: cloud().href, role, fetch: withCookies(), WebSocket });
  const username = newUsername();
  const body = { username, password: PASSWORD, confirmPassword: PASSWORD, name };
  const path = role === "customer" ? "customers" : "companies";
  const { id } = await postFromNewNetwork(new URL(`${cloud().href}/${path}`), body);
  await chat.logIn(username, PASSWORD);
  return { chat, id, username };
};

/** Waits until a condition holds, with a limit. */
export const until = async (what: string, holds: () => boolean, seconds = 60): Promise<void> => {
  const end = performance.now() + seconds * 1_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`Not within ${seconds} seconds: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
