/** The line icons that only the desk has. */

import { icon } from "../ui/icons.js";

export const FaqIcon = icon("M13 3 5 13.5h6L10.5 21 19 10.5h-6z");
export const ShopIcon = icon(
  "M4 10 5.5 4.5h13L20 10M4 10v9.5h16V10M4 10c1 2.2 4 2.2 5.3 0 1.2 2.2 4.2 2.2 5.4 0 1.3 2.2 4.3 2.2 5.3 0M10 19.5V15h4v4.5",
);
export const SettingsIcon = icon(
  "M4 7h9m5 0h2M4 17h2m5 0h9M13 7a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0M6 17a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0",
);
/** A circle with a line through it. */
export const BlockIcon = icon("M12 3.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 1 0 0-17zM6 6l12 12");
export const DoneIcon = icon("m5 12.5 4.5 4.5L19 7.5");
