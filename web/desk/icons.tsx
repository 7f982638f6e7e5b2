/** The pictures of the navigation. They stand beside a word, so screen readers skip them. */

const PATHS = {
  rooms: "M5 5h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-7l-4.5 3.5V17H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2z",
  faq: "M13 3 5 13.5h6L10.5 21 19 10.5h-6z",
  profile:
    "M4 10 5.5 4.5h13L20 10M4 10v9.5h16V10M4 10c1 2.2 4 2.2 5.3 0 1.2 2.2 4.2 2.2 5.4 0 1.3 2.2 4.3 2.2 5.3 0M10 19.5V15h4v4.5",
  settings:
    "M4 7h9m5 0h2M4 17h2m5 0h9M13 7a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0M6 17a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0",
  done: "m5 12.5 4.5 4.5L19 7.5",
  search: "M11 4.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 1 0 0-13M16 16l4.5 4.5",
  close: "M6 6l12 12M18 6 6 18",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 1 0 0-8M4.5 20c.8-3.6 3.8-5.5 7.5-5.5s6.7 1.9 7.5 5.5",
};

export type IconName = keyof typeof PATHS;

export const Icon = ({ name }: { name: IconName }) => (
  <svg
    viewBox="0 0 24 24"
    width="24"
    height="24"
    fill="none"
    stroke="currentColor"
    stroke-width="1.8"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    <path d={PATHS[name]} />
  </svg>
);
