/** The public profile as customers see it. */

import { Avatar } from "../../ui/avatar.js";
import { type CompanyProfile, useDesk } from "../desk-state.js";
import { text } from "../text/index.js";

export const ProfilePreview = ({ profile }: { profile: CompanyProfile }) => {
  const entries = useDesk().faq.value.value ?? [];
  const name = profile.name || text.profile.name;
  return (
    <section class="profile-preview" aria-labelledby="profile-preview">
      <h2 id="profile-preview" class="dim">
        {text.profile.preview}
      </h2>
      {!profile.profileVisibility && <p class="profile-hidden">{text.profile.previewHidden}</p>}
      <div class="card">
        <Avatar id={profile.id} name={name} url={profile.imageUrl} size={96} kind="company" />
        <p class="profile-name">{name}</p>
        {profile.description ? (
          <p class="profile-description">{profile.description}</p>
        ) : (
          <p class="dim">{text.profile.previewDescription}</p>
        )}
        {entries.length > 0 && (
          <>
            <p class="dim">{text.profile.previewFaq}</p>
            <ul class="profile-questions">
              {entries.map(({ id, question }) => (
                <li key={id}>{question}</li>
              ))}
            </ul>
          </>
        )}
        <p class="button button-primary button-wide" aria-hidden="true">
          {text.profile.previewChat}
        </p>
      </div>
      {profile.profileVisibility && (
        <a href={`/c/${profile.id}`} target="_blank" rel="noopener">
          {text.profile.open}
        </a>
      )}
    </section>
  );
};
