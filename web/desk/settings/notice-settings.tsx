/** The settings for notices of new messages. */

import { useId } from "preact/hooks";
import { allowNotifications } from "../notices/notice-offer.js";
import { permission } from "../notices/notification.js";
import { ring, unlockSound } from "../notices/sound.js";
import { hasQuietHours, notifications, quietFrom, quietTo, sound } from "../preferences.js";
import { Switch } from "../switch.js";
import { text } from "../text/index.js";

export const NoticeSettings = () => {
  const words = text.settings;
  return (
    <>
      <Switch
        label={words.sound}
        hint={words.soundHint}
        isOn={sound.value}
        onChange={(isOn) => {
          sound.value = isOn;
          if (isOn) void unlockSound();
        }}
      />
      <div class="actions">
        <button type="button" class="button" onClick={() => void unlockSound().then(ring)}>
          {words.soundTest}
        </button>
      </div>
      <NotificationSettings />
      <Switch
        label={words.quiet}
        hint={words.quietHint}
        isOn={hasQuietHours.value}
        onChange={(isOn) => {
          hasQuietHours.value = isOn;
        }}
      />
      {hasQuietHours.value && (
        <div class="quiet-hours">
          <Time
            label={words.quietFrom}
            value={quietFrom.value}
            onChange={(time) => {
              quietFrom.value = time;
            }}
          />
          <Time
            label={words.quietTo}
            value={quietTo.value}
            onChange={(time) => {
              quietTo.value = time;
            }}
          />
        </div>
      )}
    </>
  );
};

const NotificationSettings = () => {
  const words = text.settings;
  const state = permission.value;
  const isPossible = state === "granted" || state === "default";
  const hints = {
    unsupported: words.notificationsUnsupported,
    denied: words.notificationsDenied,
    default: words.notificationsHint,
    granted: words.notificationsHint,
  };
  return (
    <Switch
      label={words.notifications}
      hint={hints[state]}
      isOn={state === "granted" && notifications.value}
      isDisabled={!isPossible}
      onChange={(isOn) => {
        if (isOn && state === "default") void allowNotifications();
        else notifications.value = isOn;
      }}
    />
  );
};

interface TimeProps {
  label: string;
  value: string;
  onChange: (time: string) => void;
}

const Time = ({ label, value, onChange }: TimeProps) => {
  const id = useId();
  return (
    <div class="quiet-time">
      <label for={id}>{label}</label>
      <input
        type="time"
        id={id}
        class="input"
        required
        value={value}
        onChange={(event) => {
          const { value: time } = event.currentTarget;
          // An incomplete time is empty.
          if (time) onChange(time);
        }}
      />
    </div>
  );
};
