/** The user's choices for the desk. They stay in this browser. */

import { effect, type Signal, signal } from "@preact/signals";
import { store, stored } from "../ui/stored.js";

const choice = (name: string, initial: string): Signal<string> => {
  const chosen = signal(stored(`desk.${name}`) ?? initial);
  effect(() => store(`desk.${name}`, chosen.value === initial ? null : chosen.value));
  return chosen;
};

const flag = (name: string, initial: boolean): Signal<boolean> => {
  const chosen = signal((stored(`desk.${name}`) ?? String(initial)) === "true");
  effect(() => store(`desk.${name}`, chosen.value === initial ? null : String(chosen.value)));
  return chosen;
};

export const sound = flag("sound", true);
/** Whether the user wants notifications. The browser's permission is separate. */
export const notifications = flag("notifications", true);
/** Whether the offer of notifications above the list was declined. */
export const isOfferDeclined = flag("offerDeclined", false);
export const hasQuietHours = flag("quiet", false);
export const quietFrom = choice("quietFrom", "22:00");
export const quietTo = choice("quietTo", "08:00");
export const shortcuts = flag("shortcuts", true);
/** Whether the rows of the list are low. */
export const isCompact = flag("compact", false);
/** Whether wide screens show the customer beside the room. */
export const hasSidePanel = flag("sidePanel", true);
