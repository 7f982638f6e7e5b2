/** `/desk/settings`: notifications, shortcuts, display, and the account. */

import { useSignal } from "@preact/signals";
import { useLocation } from "wouter-preact";
import { DownloadForm } from "../../ui/account/download-form.js";
import { PasswordForm } from "../../ui/account/password-form.js";
import { Withdrawal } from "../../ui/account/withdrawal.js";
import { Choice } from "../../ui/choice.js";
import { errorText } from "../../ui/error-text.js";
import { LegalLinks } from "../../ui/legal/legal-links.js";
import { isTouch } from "../../ui/media.js";
import { Page } from "../../ui/page.js";
import { text as shared } from "../../ui/text/index.js";
import { chooseLanguage, type Language, language } from "../../ui/text/language.js";
import { type Theme, theme } from "../../ui/theme.js";
import { useDesk } from "../desk-state.js";
import { isListShown } from "../keys/shortcut-list.js";
import { shortcuts } from "../preferences.js";
import { Switch } from "../switch.js";
import { text } from "../text/index.js";
import { NoticeSettings } from "./notice-settings.js";
import "./settings.css";

export const Settings = () => {
  const words = text.settings;
  const themes: [Theme, string][] = [
    ["light", words.light],
    ["dark", words.dark],
    ["device", words.device],
  ];
  const languages: [Language, string][] = [
    ["ko", "한국어"],
    ["en", "English"],
  ];
  return (
    <Page title={words.title}>
      <section class="section">
        <h2>{words.notices}</h2>
        <NoticeSettings />
      </section>
      {!isTouch.value && <ShortcutSettings />}
      <section class="section">
        <h2>{words.screen}</h2>
        <Choice
          legend={words.theme}
          options={themes}
          value={theme.value}
          onChange={(choice) => {
            theme.value = choice;
          }}
        />
        <Choice
          legend={words.language}
          options={languages}
          value={language}
          onChange={chooseLanguage}
        />
      </section>
      <AccountSettings />
      <LegalLinks />
    </Page>
  );
};

/** The settings of the keyboard shortcuts, which are not shown on a touch screen. */
const ShortcutSettings = () => {
  const words = text.settings;
  return (
    <section class="section">
      <h2>{words.keys}</h2>
      <Switch
        label={words.shortcuts}
        hint={words.shortcutsHint}
        isOn={shortcuts.value}
        onChange={(isOn) => {
          shortcuts.value = isOn;
        }}
      />
      <div class="actions">
        <button
          type="button"
          class="button"
          onClick={() => {
            isListShown.value = true;
          }}
        >
          {words.shortcutsList}
        </button>
      </div>
    </section>
  );
};

const AccountSettings = () => {
  const { live } = useDesk();
  const [, navigate] = useLocation();
  const isBusy = useSignal(false);
  const error = useSignal<string | undefined>(undefined);
  const words = text.settings;
  const toLogin = (): void => navigate("/login", { replace: true });
  const logOut = async (): Promise<void> => {
    if (isBusy.value) return;
    isBusy.value = true;
    error.value = undefined;
    try {
      await live.chat.logOut();
      toLogin();
    } catch (failed) {
      error.value = errorText(failed);
    } finally {
      isBusy.value = false;
    }
  };
  return (
    <section class="section">
      <h2>{words.account}</h2>
      <details class="disclosure">
        <summary>{words.password}</summary>
        <PasswordForm live={live} />
      </details>
      <details class="disclosure">
        <summary>{shared.account.download}</summary>
        <DownloadForm live={live} />
      </details>
      <details class="disclosure">
        <summary>{words.withdrawal}</summary>
        <Withdrawal live={live} onDone={toLogin} />
      </details>
      {/* Above the button. Below it, the error could be outside the window. */}
      {error.value && (
        <p class="error" role="alert">
          {error.value}
        </p>
      )}
      <div class="actions">
        <button
          type="button"
          class="button"
          aria-disabled={isBusy.value}
          onClick={() => void logOut()}
        >
          {words.logOut}
        </button>
      </div>
    </section>
  );
};
