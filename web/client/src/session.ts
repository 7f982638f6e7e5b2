/** The session of one role. Its access token is refreshed once for all callers and tabs. */

import { ChatError } from "./error.js";
import { checked, fits } from "./frames.js";
import type { Send } from "./http.js";
import { bounded } from "./wait.js";

/** The two kinds of accounts. */
export type Role = "customer" | "company";

/**
 * The state of the session:
 *
 * - `unknown`: it is not known yet whether the cookie of an earlier login is valid
 * - `loggedOut`: no account is logged in
 * - `loggedIn`: the account `chat.account` is logged in
 * - `expired`: the session of `chat.account` has ended (14 days without use, a password change, a
 *   logout in another browser). Rooms keep their messages, drafts and unsent messages, and continue
 *   when the same account logs in again.
 */
export type SessionState = "unknown" | "loggedOut" | "loggedIn" | "expired";

/** Coordinates the tabs of one browser, which share a refresh cookie. */
export interface Tabs {
  /** Ensures that one tab at a time changes the session; `navigator.locks` in browsers. */
  locks?: Pick<LockManager, "request"> | undefined;
  /** Sends a new token to the other tabs; a `BroadcastChannel` in browsers. */
  channel?: Pick<BroadcastChannel, "postMessage" | "onmessage" | "close"> | undefined;
}

interface Token {
  accessToken: string;
  expiresIn: number;
}

/** The message of a tab to the others. `token` is null after a logout. */
interface News {
  role: Role;
  token: Token | null;
  /** Whether the token is from a login. In that case, the server has ended the previous session. */
  fresh: boolean;
}

/** The message of a tab that opens a connection, with the account. */
interface Opening {
  role: Role;
  opens: number | undefined;
}

/** The longest time that a change of the session may take before the next one starts. */
const CHANGE_MS = 15_000;
/**
 * The longest time that a refresh waits for the lock, because a frozen tab may never release it.
 * Without the lock, two tabs may refresh with the same cookie; the server then returns the same
 * successor to both.
 */
const REFRESH_LOCK_MS = 5_000;
/**
 * The time from sending a new token to the other tabs until the lock is released. Messages and
 * locks are not ordered, and the next tab must receive the token first, or it refreshes too.
 */
const TELLING_MS = 50;
/** The wait after a failed refresh ahead of time. */
const AHEAD_MS = 10_000;

/** Returns the account of an access token, which is a JWT, or undefined if it is not a token. */
const accountOf = (token: Token): number | undefined => {
  try {
    if (!fits(token, { accessToken: "", expiresIn: 0 })) return undefined;
    const payload = token.accessToken.split(".")[1]!.replace(/-/g, "+").replace(/_/g, "/");
    return Number(JSON.parse(atob(payload)).sub) || undefined;
  } catch {
    return undefined;
  }
};

/** @internal */
export class Session {
  state: SessionState = "unknown";
  /** The account of the token, or of the expired session. */
  account: number | undefined;
  /** The access token. It is stored only in this field. */
  token: string | undefined;

  readonly #send: Send;
  readonly #role: Role;
  readonly #locks: Tabs["locks"];
  #channel: Tabs["channel"];
  readonly #lock: string;
  readonly #changed: (reset: boolean) => void;
  readonly #otherOpens: () => void;
  /** When to refresh, in monotonic time, because the wall clock can be wrong or change. */
  #staleAt = 0;
  /** The earliest time of the next refresh, and the error of the last one. */
  #notBefore = 0;
  #refusal: ChatError | undefined;
  /** Aborts a refresh and the wait for its lock when the chat is closed. */
  readonly #life = new AbortController();
  #last: Promise<unknown> = Promise.resolve();
  #refreshing: Promise<void> | undefined;
  #refreshed: (() => void) | undefined;

  constructor(
    send: Send,
    role: Role,
    lock: string,
    { locks, channel }: Tabs,
    changed: (reset: boolean) => void,
    otherOpens: () => void,
  ) {
    this.#send = send;
    this.#role = role;
    this.#lock = lock;
    this.#locks = locks;
    this.#channel = channel;
    this.#changed = changed;
    this.#otherOpens = otherOpens;
    if (channel) channel.onmessage = ({ data }: MessageEvent<News | Opening>) => this.#hear(data);
  }

  async logIn(username: string, password: string, signal?: AbortSignal): Promise<void> {
    const body = { username, password };
    await this.alone(CHANGE_MS, signal, async () =>
      this.#take(
        await this.#send(undefined, `POST /${this.#role}/session`, { body, signal }),
        true,
      ),
    );
  }

  async logOut(signal?: AbortSignal): Promise<void> {
    await this.alone(CHANGE_MS, signal, async () => {
      await this.#send(undefined, `DELETE /${this.#role}/session`, { signal });
      this.end();
    });
  }

  /** Ends the session after a logout or a withdrawal. */
  end(): void {
    this.#tell(null, true);
  }

  /** Tells the other tabs that this one opens a connection. */
  opens(): void {
    const opening: Opening = { role: this.#role, opens: this.account };
    this.#channel?.postMessage(opening);
  }

  /** Returns whether the refresh cookie is valid. Fails if that cannot be determined now. */
  async resume(signal?: AbortSignal): Promise<boolean> {
    await this.refresh(undefined, signal, true);
    return !!this.token;
  }

  /** Refreshes in the background shortly before the token expires, so that calls do not fail. */
  refreshAhead(): void {
    if (!this.token || performance.now() < this.#staleAt) return;
    this.refresh(this.token).catch(() => (this.#staleAt = performance.now() + AHEAD_MS));
  }

  /**
   * Gets a token other than `stale`, or detects that the session has ended. Fails without a change
   * if neither is possible now. If the session is known to have ended, does nothing unless `anew`
   * is set.
   */
  async refresh(stale: string | undefined, signal?: AbortSignal, anew = false): Promise<void> {
    if (this.token !== stale) return;
    if (!stale && !anew && this.state !== "unknown") return;
    const left = this.#notBefore - performance.now();
    if (this.#refusal && left > 0) {
      const { message } = this.#refusal;
      throw new ChatError({ ...this.#refusal, message, retryAfter: Math.ceil(left / 1_000) });
    }
    this.#refreshing ??= new Promise<void>((resolve, reject) => {
      // A token from another tab also resolves the promise, without waiting for the lock.
      this.#refreshed = resolve;
      const change = async (): Promise<void> => {
        if (this.token === stale) await this.#renew();
      };
      this.alone(REFRESH_LOCK_MS, this.#life.signal, change).then(resolve, reject);
    }).finally(() => (this.#refreshing = undefined));
    await bounded(REFRESH_LOCK_MS + CHANGE_MS, signal, () => this.#refreshing!);
  }

  /**
   * Runs one change of the session at a time among all tabs, so that the cookie of a response does
   * not overwrite the cookie of a later one. If the lock is denied or not granted within `ms`, the
   * change runs without it.
   */
  async alone<T>(
    ms: number,
    signal: AbortSignal | undefined,
    change: () => Promise<T>,
  ): Promise<T> {
    const before = this.#last;
    let release!: () => void;
    const done = new Promise<void>((resolve) => (release = resolve));
    this.#last = done;
    try {
      await bounded(ms, signal, async (signal) => {
        await before;
        await new Promise<unknown>((granted, denied) => {
          if (!this.#locks) return granted(undefined);
          const held = (): Promise<void> => {
            granted(undefined);
            return done;
          };
          this.#locks.request(this.#lock, { signal }, held).catch(denied);
        });
      }).catch(() => signal?.throwIfAborted());
      return await change();
    } finally {
      if (this.#channel) setTimeout(release, TELLING_MS);
      else release();
    }
  }

  close(): void {
    this.#life.abort(new ChatError({ code: "closed", message: "The chat was closed." }));
    this.#channel?.close();
    this.#channel = undefined;
  }

  async #renew(): Promise<void> {
    const { token, state } = this;
    const renew = (signal: AbortSignal) =>
      this.#send(undefined, `POST /${this.#role}/token`, { signal });
    try {
      const renewed = await bounded(CHANGE_MS, this.#life.signal, renew);
      // If they differ, another tab has logged in or out in the meantime.
      if (this.token === token && this.state === state) this.#take(renewed, false);
    } catch (error) {
      const { code, retryAfter = 0 } = error as ChatError;
      this.#refusal = error as ChatError;
      this.#notBefore = performance.now() + retryAfter * 1_000;
      if (code !== "invalid_refresh_token") throw error;
      if (this.token === token) this.#become(this.account ? "expired" : "loggedOut");
    }
  }

  #take(token: Token, fresh: boolean): void {
    checked(accountOf(token), 0);
    this.#tell(token, fresh);
  }

  #tell(token: Token | null, fresh: boolean): void {
    const news: News = { role: this.#role, token, fresh };
    this.#channel?.postMessage(news);
    this.#hear(news);
  }

  #hear(news: News | Opening): void {
    if (!fits(news, {}) || news.role !== this.#role) return;
    if ("opens" in news) {
      if (news.opens === this.account) this.#otherOpens();
      return;
    }
    const { token, fresh } = news;
    if (token === null) this.#become("loggedOut");
    else if (accountOf(token)) this.#become("loggedIn", token, !!fresh);
  }

  #become(state: SessionState, token?: Token, fresh = false): void {
    const account = token ? accountOf(token) : state === "expired" ? this.account : undefined;
    const switched = account !== this.account;
    const changed = fresh || switched || state !== this.state;
    // A connection belongs to the session that created its ticket.
    const reset = fresh || !token || (switched && this.account !== undefined);
    this.state = state;
    this.account = account;
    this.token = token?.accessToken;
    // After 95 % of the lifetime: one and a half minutes before the end of thirty.
    this.#staleAt = performance.now() + (token?.expiresIn ?? 0) * 950;
    this.#refreshed?.();
    if (changed) this.#changed(reset);
  }
}
