/** The routes of the customers' app, with the frame around them. */

import type { ComponentChildren } from "preact";
import { Route, Router, Switch, useLocation } from "wouter-preact";
import { isWide } from "../ui/media.js";
import { SkipLink } from "../ui/page.js";
import { navigateKeepingScroll } from "../ui/scroll.js";
import { SessionGate } from "../ui/session.js";
import { stored } from "../ui/stored.js";
import { Toasts } from "../ui/toast.js";
import type { AppState } from "./app-state.js";
import { CompanyPage } from "./company-page.js";
import { DirectoryPage } from "./directory-page.js";
import { NotFoundPage } from "./not-found-page.js";
import { AccountPage, JoinPage, LegalPage, LoginPage, MePage, RoomsPage } from "./pages.js";
import { Tabs } from "./tabs.js";
import "./app.css";

export const App = ({ state }: { state: AppState }) => (
  <Router aroundNav={navigateKeepingScroll}>
    <SkipLink />
    <Frame state={state}>
      <Pages state={state} />
    </Frame>
    <Toasts />
  </Router>
);

/** Paths with an id. An id has only digits, as in the API. */
const ID = /^\/(?<page>c|rooms)\/(?<id>[1-9][0-9]{0,15})\/?$/;

const Pages = ({ state }: { state: AppState }) => {
  const { live } = state;
  const [path] = useLocation();
  const { page, id } = ID.exec(path)?.groups ?? {};
  const inside = (children: ComponentChildren) => (
    <SessionGate live={live} loginHref="/login">
      {children}
    </SessionGate>
  );
  if (page === "c") return <CompanyPage key={id} live={live} id={Number(id)} />;
  if (page === "rooms" || path === "/rooms") {
    return inside(<RoomsPage state={state} id={id === undefined ? undefined : Number(id)} />);
  }
  return (
    <Switch>
      <Route path="/">
        <DirectoryPage state={state} />
      </Route>
      <Route path="/login">
        <LoginPage live={live} />
      </Route>
      <Route path="/join">
        <JoinPage live={live} />
      </Route>
      <Route path="/me">{inside(<MePage live={live} />)}</Route>
      <Route path="/me/account">{inside(<AccountPage live={live} />)}</Route>
      <Route path="/terms">
        <LegalPage name="terms" />
      </Route>
      <Route path="/privacy">
        <LegalPage name="privacy" />
      </Route>
      <Route>
        <NotFoundPage />
      </Route>
    </Switch>
  );
};

/**
 * The page with its tabs. A room on a narrow screen has no tabs, and a logged-out page has none.
 */
const Frame = ({ state, children }: { state: AppState; children: ComponentChildren }) => {
  const [path] = useLocation();
  const session = state.live.session.value;
  // While the session is unknown, the tabs are those of the last visit, so that nothing moves.
  const isInside = session === "unknown" ? stored("logged-in") !== null : session !== "loggedOut";
  const hasTabs = isInside && (isWide.value || !path.startsWith("/rooms/"));
  return (
    <div class={hasTabs ? "frame has-tabs" : "frame"}>
      {hasTabs && <Tabs />}
      {children}
    </div>
  );
};
