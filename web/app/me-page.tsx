/** `/me`: the customer's profile and the settings of this browser. */

import { useSignal } from "@preact/signals";
import { Link, useLocation } from "wouter-preact";
import { NameField } from "../ui/account/name-field.js";
import { PictureField } from "../ui/account/picture-field.js";
import type { LiveChat } from "../ui/chat.js";
import { Choice } from "../ui/choice.js";
import { errorText } from "../ui/error-text.js";
import { ForwardIcon } from "../ui/icons.js";
import { LegalLinks } from "../ui/legal/legal-links.js";
import { Failed, Skeleton } from "../ui/list-states.js";
import { Page } from "../ui/page.js";
import { useResource } from "../ui/resource.js";
import { text as shared } from "../ui/text/index.js";
import { chooseLanguage, language } from "../ui/text/language.js";
import { type Theme, theme } from "../ui/theme.js";
import { toast } from "../ui/toast.js";
import { text } from "./text/index.js";
import "./me.css";

const THEMES: readonly Theme[] = ["light", "dark", "device"];

export const MePage = ({ live }: { live: LiveChat }) => {
  const words = text.me;
  const profile = useResource((signal) => live.chat.call("GET /customers/me", { signal }), [live]);
  const known = profile.value.value;
  return (
    <Page title={words.title} class="me">
      <section class="me-profile">
        {known ? (
          <Profile
            live={live}
            profile={known}
            onChanged={(change) => {
              const current = profile.value.peek();
              if (current) profile.value.value = { ...current, ...change };
            }}
          />
        ) : profile.error.value ? (
          <Failed title={errorText(profile.error.value)} onRetry={profile.reload} />
        ) : (
          <Skeleton rows={2} />
        )}
      </section>
      <Link href="/me/account" class="me-link">
        <span>
          {words.account}
          <span class="dim">{words.accountHint}</span>
        </span>
        <ForwardIcon />
      </Link>
      <Choice
        legend={words.appearance}
        options={THEMES.map((name) => [name, words.themes[name]] as const)}
        value={theme.value}
        onChange={(choice) => {
          theme.value = choice;
        }}
      />
      <Choice
        legend={words.language}
        options={[
          ["ko", "한국어"],
          ["en", "English"],
        ]}
        value={language}
        onChange={chooseLanguage}
      />
      <LogOut live={live} />
      <LegalLinks />
    </Page>
  );
};

interface CustomerProfile {
  id: number;
  username: string;
  name: string;
  imageUrl: string | null;
}

interface ProfileProps {
  live: LiveChat;
  profile: CustomerProfile;
  onChanged: (change: Partial<CustomerProfile>) => void;
}

const Profile = ({ live, profile, onChanged }: ProfileProps) => {
  const words = text.me;
  /** Gives the profile the picture back that was removed. */
  const restore = async (): Promise<void> => {
    const { imageUrl } = profile;
    try {
      await live.chat.call("PATCH /customers/me", { body: { imageUrl } });
      onChanged({ imageUrl });
    } catch (error) {
      toast(errorText(error));
    }
  };
  return (
    <>
      <PictureField
        live={live}
        id={profile.id}
        name={profile.name}
        url={profile.imageUrl}
        onChanged={(imageUrl) => {
          onChanged({ imageUrl });
          if (imageUrl) toast(words.pictureChanged);
          else toast(words.pictureRemoved, { label: shared.undo, act: () => void restore() });
        }}
      />
      <NameField
        live={live}
        name={profile.name}
        onChanged={(name) => {
          onChanged({ name });
          toast(words.nameChanged);
        }}
      />
      <p class="dim">@{profile.username}</p>
    </>
  );
};

const LogOut = ({ live }: { live: LiveChat }) => {
  const [, navigate] = useLocation();
  const isBusy = useSignal(false);
  const error = useSignal<string | undefined>(undefined);
  const logOut = async (): Promise<void> => {
    if (isBusy.value) return;
    isBusy.value = true;
    error.value = undefined;
    try {
      await live.chat.logOut();
      navigate("/", { replace: true });
    } catch (failed) {
      isBusy.value = false;
      error.value = errorText(failed);
    }
  };
  return (
    <>
      {/* Above the button, because it can be at the end of the window. */}
      {error.value && (
        <p class="error" role="alert">
          {error.value}
        </p>
      )}
      <button
        type="button"
        class="button button-wide"
        aria-disabled={isBusy.value}
        onClick={() => void logOut()}
      >
        {text.me.logOut}
      </button>
    </>
  );
};
