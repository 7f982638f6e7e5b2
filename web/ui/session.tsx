/** Gates that show a page, redirect to the login, or show the login over the page. */

import type { ComponentChildren } from "preact";
import { Fragment } from "preact";
import { Redirect, useLocation, useSearch } from "wouter-preact";
import type { LiveChat } from "./chat.js";
import { lazy } from "./lazy.js";
import { safeNext, withNext } from "./next.js";
import { text } from "./text/index.js";
import "./session.css";

const SessionExpired = lazy(async () => (await import("./session-expired.js")).SessionExpired);

export interface SessionGateProps {
  live: LiveChat;
  /** The login page. It gets the path of the page as `next`. */
  loginHref: string;
  /** The page, which needs a login. It is mounted again for another account. */
  children: ComponentChildren;
}

/**
 * Shows a page to an account that is logged in. The session is unknown until `live.chat.connect()`.
 */
export const SessionGate = ({ live, loginHref, children }: SessionGateProps) => {
  const [path, navigate] = useLocation();
  const search = useSearch();
  const login = withNext(loginHref, path + (search && `?${search}`));
  const state = live.session.value;
  if (state === "unknown") return <Unknown live={live} />;
  if (state === "loggedOut") return <Redirect to={login} replace />;
  return (
    <Fragment key={live.account.value}>
      {children}
      {state === "expired" && <SessionExpired live={live} onClose={() => navigate(login)} />}
    </Fragment>
  );
};

/** Says that the page connects, or has no network. The style shows it after a delay. */
const Unknown = ({ live }: { live: LiveChat }) => (
  <main class="session-unknown">
    <p role="status">
      {live.connection.value === "offline" ? text.noNetwork : text.session.connecting}
    </p>
  </main>
);

export interface LoggedOutGateProps {
  live: LiveChat;
  /** The page after the login, if the address has no `next`. */
  home: string;
  children: ComponentChildren;
}

/** Shows a login page; goes on to `next` as soon as an account is logged in. */
export const LoggedOutGate = ({ live, home, children }: LoggedOutGateProps) => {
  const next = safeNext(new URLSearchParams(useSearch()).get("next"), home);
  return live.session.value === "loggedIn" ? <Redirect to={next} replace /> : children;
};
