/**
 * Line icons of 24 px, in the colour of the text. They stand beside a text or in a labelled button.
 */

/** Creates the component of an icon from the data of its SVG path. */
export const icon = (path: string) => () => (
  <svg
    class="icon"
    viewBox="0 0 24 24"
    width="24"
    height="24"
    fill="none"
    stroke="currentColor"
    stroke-width="1.75"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    <path d={path} />
  </svg>
);

export const BackIcon = icon("M15 5l-7 7 7 7");
export const ChatIcon = icon(
  "M7 4h10a4 4 0 0 1 4 4v5a4 4 0 0 1-4 4h-5l-4.5 4v-4H7a4 4 0 0 1-4-4V8a4 4 0 0 1 4-4z",
);
export const SearchIcon = icon("M11 4a7 7 0 1 0 0 14a7 7 0 1 0 0-14zM16.2 16.2L21 21");
export const PersonIcon = icon(
  "M12 4a4 4 0 1 0 0 8a4 4 0 1 0 0-8zM4.5 20.5c.8-3.6 3.8-5.5 7.5-5.5s6.7 1.9 7.5 5.5",
);
export const ForwardIcon = icon("M9 5l7 7-7 7");
export const DownIcon = icon("M6 9l6 6 6-6");
export const UpIcon = icon("M6 15l6-6 6 6");
export const CloseIcon = icon("M6 6l12 12M18 6L6 18");
/** A door with an arrow out of it. */
export const LeaveIcon = icon("M10 4H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h4M15 8l4 4-4 4M19 12H9");
/** A card with a face and lines. */
export const ProfileIcon = icon(
  "M5 5h14a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2zM9 9a1.75 1.75 0 1 0 0 3.5a1.75 1.75 0 1 0 0-3.5M6 16c.4-1.4 1.6-2 3-2s2.6.6 3 2M15 10h3M15 14h3",
);
