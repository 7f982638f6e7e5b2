/** `/desk/login` and `/desk/join`. */

import { Link } from "wouter-preact";
import { JoinForm } from "../ui/account/join-form.js";
import { LoginForm } from "../ui/account/login-form.js";
import type { LiveChat } from "../ui/chat.js";
import { LegalLinks } from "../ui/legal/legal-links.js";
import { Page } from "../ui/page.js";
import { text } from "./text/index.js";
import "./entrance.css";

export const LoginPage = ({ live }: { live: LiveChat }) => (
  <Page title={text.login.title} class="entrance">
    <LoginForm live={live} joinHref="/join" />
    <p class="entrance-other dim">
      {text.login.customers} <a href="/login">{text.login.customerLogin}</a>
    </p>
    <LegalLinks />
  </Page>
);

export const JoinPage = ({ live }: { live: LiveChat }) => (
  <Page title={text.join.title} class="entrance">
    <p class="dim">{text.join.intro}</p>
    <JoinForm live={live} />
    <p class="entrance-other dim">
      {text.join.joined} <Link href="/login">{text.join.login}</Link>
    </p>
  </Page>
);
