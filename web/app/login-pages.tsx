/** `/login` and `/join`. */

import { useSearch } from "wouter-preact";
import { JoinForm } from "../ui/account/join-form.js";
import { LoginForm } from "../ui/account/login-form.js";
import type { LiveChat } from "../ui/chat.js";
import { LegalLinks } from "../ui/legal/legal-links.js";
import { Page } from "../ui/page.js";
import { LoggedOutGate } from "../ui/session.js";
import { text as shared } from "../ui/text/index.js";
import { text } from "./text/index.js";
import "./login.css";

export const LoginPage = ({ live }: { live: LiveChat }) => {
  const search = useSearch();
  return (
    <LoggedOutGate live={live} home="/rooms">
      <Page title={text.logIn} back="/" class="login">
        <p class="dim">{text.logInHint}</p>
        <LoginForm live={live} joinHref={search ? `/join?${search}` : "/join"} />
        <p class="login-company dim">
          {text.isCompany} <a href="/desk/login">{text.companyLogin}</a>
        </p>
        <LegalLinks />
      </Page>
    </LoggedOutGate>
  );
};

export const JoinPage = ({ live }: { live: LiveChat }) => {
  const search = useSearch();
  return (
    <LoggedOutGate live={live} home="/">
      <Page title={shared.account.join} back={search ? `/login?${search}` : "/login"} class="login">
        <JoinForm live={live} />
      </Page>
    </LoggedOutGate>
  );
};
