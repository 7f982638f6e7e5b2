/** The fields of the profile, beside a preview of the typed values. */

import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { createForm } from "../../ui/account/form.js";
import { PictureField } from "../../ui/account/picture-field.js";
import type { Problems } from "../../ui/account/problems.js";
import { errorText } from "../../ui/error-text.js";
import { Field } from "../../ui/field.js";
import { lengthOf, MAX, trimmed } from "../../ui/limits.js";
import { toast } from "../../ui/toast.js";
import { type CompanyProfile, useDesk } from "../desk-state.js";
import { useLeaveGuard } from "../leave-guard.js";
import { Switch } from "../switch.js";
import { text } from "../text/index.js";
import { ProfilePreview } from "./profile-preview.js";

const problemsOf = (name: string, description: string): Problems => ({
  ...(!name && { name: text.profile.nameRequired }),
  ...(lengthOf(name) > MAX.name && { name: text.faq.tooLong(MAX.name) }),
  ...(lengthOf(description) > MAX.description && {
    description: text.faq.tooLong(MAX.description),
  }),
});

export const ProfileForm = ({ profile }: { profile: CompanyProfile }) => {
  const { live, company } = useDesk();
  const { chat } = live;
  const form = useMemo(() => createForm(), []);
  const element = useRef<HTMLFormElement>(null);
  const name = useSignal(profile.name);
  const description = useSignal(profile.description);
  const isChanging = useSignal(false);
  useEffect(() => form.close, [form]);
  useLeaveGuard(name.value !== profile.name || description.value !== profile.description);

  /** Applies saved changes to the profile that the rest of the desk shows. */
  const take = (changes: Partial<CompanyProfile>): void => {
    const current = company.value.peek();
    if (current) company.value.value = { ...current, ...changes };
  };
  const save = async (): Promise<void> => {
    const body = { name: trimmed(name.value), description: trimmed(description.value) };
    await form.submit(problemsOf(body.name, body.description), async () => {
      await chat.call("PATCH /companies/me", { body });
      name.value = body.name;
      description.value = body.description;
      take(body);
      toast(text.profile.saved);
    });
    const wrong = Object.keys(form.failure.value?.problems ?? {})[0];
    if (wrong) element.current?.querySelector<HTMLElement>(`[name="${wrong}"]`)?.focus();
  };
  const show = async (profileVisibility: boolean): Promise<void> => {
    if (isChanging.value) return;
    isChanging.value = true;
    try {
      await chat.call("PATCH /companies/me", { body: { profileVisibility } });
      take({ profileVisibility });
      toast(profileVisibility ? text.profile.shown : text.profile.hidden);
    } catch (error) {
      toast(errorText(error));
    } finally {
      isChanging.value = false;
    }
  };

  const failure = form.failure.value;
  const isVisible = profile.profileVisibility;
  return (
    <div class="profile">
      <div class="profile-fields">
        <Switch
          label={text.profile.visible}
          hint={isVisible ? text.profile.visibleMeaning : text.profile.hiddenMeaning}
          isOn={isVisible}
          onChange={(isOn) => void show(isOn)}
        />
        <PictureField
          live={live}
          id={profile.id}
          name={trimmed(name.value) || profile.name}
          url={profile.imageUrl}
          onChanged={(imageUrl) => take({ imageUrl })}
        />
        <form
          ref={element}
          class="profile-form"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            void save();
          }}
        >
          <Field
            label={text.profile.name}
            name="name"
            autocomplete="organization"
            limit={MAX.name}
            value={name.value}
            onInput={(typed) => {
              name.value = typed;
            }}
            error={failure?.problems?.name}
          />
          <Field
            label={text.profile.description}
            name="description"
            lines={4}
            limit={MAX.description}
            hint={text.profile.descriptionHint}
            value={description.value}
            onInput={(typed) => {
              description.value = typed;
            }}
            error={failure?.problems?.description}
          />
          {failure?.message && (
            <p class="error" role="alert">
              {failure.message}
            </p>
          )}
          <button
            type="submit"
            class="button button-primary button-wide"
            aria-disabled={form.isBusy.value}
          >
            {text.profile.save}
          </button>
        </form>
      </div>
      <ProfilePreview
        profile={{ ...profile, name: trimmed(name.value), description: trimmed(description.value) }}
      />
    </div>
  );
};
