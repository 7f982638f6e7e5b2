/** Hours of the day in which the desk makes no sound and shows no notification. */

export interface QuietHours {
  /** `HH:MM`, inclusive. */
  from: string;
  /** `HH:MM`, exclusive. It is on the next day if it is earlier than `from`. */
  to: string;
}

/** Parses `HH:MM` into minutes since midnight; undefined if it is no time of day. */
const minutesOf = (time: string): number | undefined => {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time) ?? [];
  return hours && minutes ? Number(hours) * 60 + Number(minutes) : undefined;
};

/** Whether a moment is in the quiet hours, by the clock of the device. */
export const isQuiet = ({ from, to }: QuietHours, now: Date): boolean => {
  const start = minutesOf(from);
  const end = minutesOf(to);
  if (start === undefined || end === undefined || start === end) return false;
  const time = now.getHours() * 60 + now.getMinutes();
  return start < end ? time >= start && time < end : time >= start || time < end;
};
