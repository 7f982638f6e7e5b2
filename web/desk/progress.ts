/** Which steps of the checklist for a new company are done. */

import { type ReadonlySignal, useComputed } from "@preact/signals";
import { useDesk } from "./desk-state.js";

/** Whether each step is done, in order. */
export interface Progress {
  profile: boolean;
  faq: boolean;
  visible: boolean;
  trial: boolean;
}

/** Returns the progress; undefined until the state of each step is known. */
export const useProgress = (): ReadonlySignal<Progress | undefined> => {
  const { company, faq, inbox } = useDesk();
  return useComputed(() => {
    const profile = company.value.value;
    const entries = faq.value.value;
    const hasRooms = inbox.hasRooms.value;
    if (!profile || !entries || hasRooms === undefined) return undefined;
    return {
      profile: !!profile.imageUrl && !!profile.description,
      faq: entries.length >= 2,
      visible: profile.profileVisibility,
      trial: hasRooms,
    };
  });
};
