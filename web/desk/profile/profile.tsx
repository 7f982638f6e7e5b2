/** `/desk/profile`: the company's picture, name and description, and whether it is visible. */

import { errorText } from "../../ui/error-text.js";
import { Failed, Skeleton } from "../../ui/list-states.js";
import { Page } from "../../ui/page.js";
import { useDesk } from "../desk-state.js";
import { text } from "../text/index.js";
import { ProfileForm } from "./profile-form.js";
import "./profile.css";

export const Profile = () => {
  const { company, faq } = useDesk();
  // The preview shows the questions, which must not move what is already shown.
  const isSettled = !!faq.value.value || !!faq.error.value;
  const profile = isSettled ? company.value.value : undefined;
  const error = company.error.value;
  return (
    <Page title={text.profile.title} class="profile-page">
      {profile && <ProfileForm profile={profile} />}
      {!profile && error && <Failed title={errorText(error)} onRetry={() => company.reload()} />}
      {!profile && !error && <Skeleton />}
    </Page>
  );
};
