/** One login: its access token in memory, refreshed once for however many callers and tabs wait for it. */

import type { components } from "./api.js";
import { ChatError } from "./error.js";
import type { Send } from "./http.js";

/** On which side of the conversation somebody is. */
export type Role = "customer" | "company";

/**
 * What happened to the session:
 *
 * - `loggedIn`: somebody logged in, here or in another tab; it may be another account
 * - `resumed`: the refresh cookie of an earlier login was good
 * - `loggedOut`: somebody logged out, here or in another tab, or logged in as the other role in another tab
 * - `expired`: the session has ended (its 14 days, a change of password, a withdrawal); only a login helps
 */
export type SessionChange = "loggedIn" | "resumed" | "loggedOut" | "expired";

/** How the tabs of one browser, which share one refresh cookie, agree. */
export interface Tabs {
  /** Lets one tab at a time change the session; `navigator.locks` in browsers. */
  locks?: { request(name: string, callback: () => Promise<unknown>): Promise<unknown> } | undefined;
  /** Carries a new token from the tab that got it to the others; a `BroadcastChannel` in browsers. */
  channel?: Pick<BroadcastChannel, "postMessage" | "onmessage" | "close"> | undefined;
}

type Token = components["schemas"]["AccessToken"];
type Shared = { change: SessionChange; role: Role; token?: Token | undefined };

/**
 * How long the tab that changed the session keeps the lock after it told the others: messages and locks are not ordered with each other, and
 * the next in line must know of the new token, or it refreshes too.
 */
const TELLING_MS = 50;

/** @internal */
export class Session {
  /** Undefined until the first call or login finds out. */
  loggedIn: boolean | undefined;
  /** Kept nowhere but here. */
  token: string | undefined;

  readonly #send: Send;
  readonly #role: Role;
  readonly #locks: Tabs["locks"];
  #channel: Tabs["channel"];
  readonly #lock: string;
  readonly #changed: (change: SessionChange) => void;
  /** When to refresh, on the monotonic clock: the wall clock may be wrong, and may be put right at any time. */
  #staleAt = 0;
  #last = Promise.resolve();
  #refreshing: Promise<void> | undefined;
  #refreshed: (() => void) | undefined;

  constructor(send: Send, role: Role, lock: string, { locks, channel }: Tabs, changed: (change: SessionChange) => void) {
    this.#send = send;
    this.#role = role;
    this.#lock = lock;
    this.#locks = locks;
    this.#channel = channel;
    this.#changed = changed;
    if (channel) {
      channel.onmessage = ({ data }: MessageEvent<Shared>) =>
        // The cookie is now of an account that this chat is not for.
        data.role === role ? this.#become(data.change, data.token) : this.#become("loggedOut");
    }
  }

  async logIn(username: string, password: string): Promise<void> {
    await this.#alone(async () => {
      const token = await this.#send(undefined, `POST /${this.#role}/session`, { body: { username, password } });
      this.#tell("loggedIn", token);
    });
  }

  async logOut(): Promise<void> {
    await this.#alone(async () => {
      await this.#send(undefined, "DELETE /logout");
      this.#tell("loggedOut");
    });
  }

  /** Whether the refresh cookie is good; fails where that cannot be known now. */
  async resume(): Promise<boolean> {
    if (!this.loggedIn) this.loggedIn = undefined;
    await this.refresh(undefined);
    return !!this.token;
  }

  /** Refreshes a little ahead of the token's end, so that calls do not fail first. */
  async refreshAhead(): Promise<void> {
    if (this.token && performance.now() > this.#staleAt) {
      // The token may be good for a little longer. If it is not, the call says so.
      await this.refresh(this.token).catch(() => {});
    }
  }

  /**
   * Gets another token than this one, or finds that the session has ended. Fails where neither can be known now, which changes nothing.
   */
  async refresh(stale: string | undefined): Promise<void> {
    if (this.token !== stale) return;
    this.#refreshing ??= new Promise<void>((resolve, reject) => {
      // Another tab's new token will do too, without waiting for the lock.
      this.#refreshed = resolve;
      this.#alone(async () => {
        if (this.token === stale && this.loggedIn !== false) await this.#trade();
      }).then(resolve, reject);
    }).finally(() => (this.#refreshing = undefined));
    await this.#refreshing;
  }

  close(): void {
    this.#channel?.close();
    this.#channel = undefined;
  }

  async #trade(): Promise<void> {
    try {
      this.#tell("resumed", await this.#send(undefined, "POST /token"));
    } catch (error) {
      if (!(error instanceof ChatError) || error.code !== "invalid_refresh_token") throw error;
      this.#become("expired");
    }
  }

  /** One after the other, in this tab and in all: an answer must not overwrite the cookie of a later one. */
  #alone(change: () => Promise<void>): Promise<void> {
    const locks = this.#locks;
    if (!locks) return (this.#last = this.#last.then(change, change));
    return new Promise((resolve, reject) => {
      const held = async () => {
        await change().then(resolve, reject);
        if (this.#channel) await new Promise((told) => setTimeout(told, TELLING_MS));
      };
      locks.request(this.#lock, held).catch(reject);
    });
  }

  #tell(change: SessionChange, token?: Token): void {
    this.#channel?.postMessage({ change, token, role: this.#role } satisfies Shared);
    this.#become(change, token);
  }

  #become(change: SessionChange, token?: Token): void {
    const known = this.loggedIn === !!token;
    this.loggedIn = !!token;
    this.token = token?.accessToken;
    // Ahead by a twentieth: a minute and a half of thirty.
    this.#staleAt = performance.now() + (token?.expiresIn ?? 0) * 950;
    this.#refreshed?.();
    if (!known || change === "loggedIn") this.#changed(change);
  }
}
