/** The page that follows a login, as the address of the login page has it. */

const ORIGIN = "https://this.invalid";

/** A path of this origin for a history entry; `otherwise` if `next` is missing or leads elsewhere. */
export const safeNext = (next: string | null | undefined, otherwise: string): string => {
  if (!next?.startsWith("/") || !URL.canParse(next, ORIGIN)) return otherwise;
  const { origin, pathname, search, hash } = new URL(next, ORIGIN);
  // The address `//host` is another host, also if it comes from `/.//host`.
  return origin === ORIGIN && !pathname.startsWith("//") ? pathname + search + hash : otherwise;
};

/** The address of the login page that leads back to a path. */
export const withNext = (href: string, path: string): string =>
  `${href}?${new URLSearchParams({ next: path })}`;
