/** The routes of the desk. */

import { useEffect, useMemo } from "preact/hooks";
import { Link, Route, Router, Switch } from "wouter-preact";
import type { LiveChat } from "../ui/chat.js";
import { Empty } from "../ui/list-states.js";
import { Page, SkipLink } from "../ui/page.js";
import { LoggedOutGate, SessionGate } from "../ui/session.js";
import { Toasts } from "../ui/toast.js";
import { createDeskState, DeskContext } from "./desk-state.js";
import { Inbox } from "./inbox/inbox.js";
import { Shortcuts } from "./keys/shortcuts.js";
import { LeaveDialog, navigateGuarded } from "./leave-guard.js";
import { Nav } from "./nav.js";
import { startNotices } from "./notices/notices.js";
import { Faq, JoinPage, LegalPage, LoginPage, Profile, Settings, Start } from "./pages.js";
import { text } from "./text/index.js";
import "./app.css";

export const App = ({ live }: { live: LiveChat }) => (
  <Router base="/desk" aroundNav={navigateGuarded}>
    <SkipLink />
    <Switch>
      <Route path="/login">
        <LoggedOutGate live={live} home="/">
          <LoginPage live={live} />
        </LoggedOutGate>
      </Route>
      <Route path="/join">
        <LoggedOutGate live={live} home="/start">
          <JoinPage live={live} />
        </LoggedOutGate>
      </Route>
      <Route path="/terms">
        <LegalPage name="terms" />
      </Route>
      <Route path="/privacy">
        <LegalPage name="privacy" />
      </Route>
      <Route>
        <SessionGate live={live} loginHref="/login">
          <Desk live={live} />
        </SessionGate>
      </Route>
    </Switch>
    <LeaveDialog />
    <Toasts />
  </Router>
);

/** Both paths show the same component, so that the list stays when a room is opened. */
const INBOX = /^\/(?:rooms\/(?<id>[1-9]\d{0,14}))?$/;

/** The desk of a company that is logged in. */
const Desk = ({ live }: { live: LiveChat }) => {
  const desk = useMemo(() => createDeskState(live), [live]);
  useEffect(() => {
    const endNotices = startNotices(live);
    return () => {
      endNotices();
      desk.close();
    };
  }, [live, desk]);
  return (
    <DeskContext.Provider value={desk}>
      <div class="desk">
        <Nav />
        <Switch>
          <Route path={INBOX}>
            {({ id }: { id?: string }) => <Inbox id={id ? Number(id) : undefined} />}
          </Route>
          <Route path="/start" component={Start} />
          <Route path="/faq" component={Faq} />
          <Route path="/profile" component={Profile} />
          <Route path="/settings" component={Settings} />
          <Route>
            <Page title={text.notFound.title} class="notice">
              <Empty title={text.notFound.hint}>
                <Link href="~/desk" class="button button-primary">
                  {text.notFound.back}
                </Link>
              </Empty>
            </Page>
          </Route>
        </Switch>
      </div>
      <Shortcuts />
    </DeskContext.Provider>
  );
};
