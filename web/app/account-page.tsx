/** `/me/account`: changes the password, downloads the data, and closes the account. */

import { useLocation } from "wouter-preact";
import { DownloadForm } from "../ui/account/download-form.js";
import { PasswordForm } from "../ui/account/password-form.js";
import { Withdrawal } from "../ui/account/withdrawal.js";
import type { LiveChat } from "../ui/chat.js";
import { Page } from "../ui/page.js";
import { text as shared } from "../ui/text/index.js";
import { text } from "./text/index.js";

export const AccountPage = ({ live }: { live: LiveChat }) => {
  const [, navigate] = useLocation();
  const words = shared.account;
  return (
    <Page title={text.me.account} back="/me" class="account">
      <section aria-labelledby="password">
        <h2 id="password">{words.changePassword}</h2>
        <PasswordForm live={live} />
      </section>
      <section aria-labelledby="download">
        <h2 id="download">{words.download}</h2>
        <DownloadForm live={live} />
      </section>
      <section aria-labelledby="withdrawal">
        <h2 id="withdrawal">{words.withdraw}</h2>
        <Withdrawal live={live} onDone={() => navigate("/", { replace: true })} />
      </section>
    </Page>
  );
};
