/** The number of unread messages, which the title, the navigation and the tab's icon show. */

import { signal } from "@preact/signals";

export const unread = signal(0);

/** The number as a badge shows it: `99+` if it is greater than 99. */
export const badgeText = (count: number): string => (count > 99 ? "99+" : String(count));
