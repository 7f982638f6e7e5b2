/** The page that follows a login: the parameter `next` of the login page's address. */

import { parsedUrl } from "./url.js";

const ORIGIN = "https://this.invalid";

/**
 * A path of this origin for a history entry; `otherwise` if `next` is missing or leads elsewhere.
 */
export const safeNext = (next: string | null | undefined, otherwise: string): string => {
  const url = next?.startsWith("/") ? parsedUrl(next, ORIGIN) : undefined;
  if (!url) return otherwise;
  const { origin, pathname, search, hash } = url;
  // The address `//host` is another host, also if it comes from `/.//host`.
  return origin === ORIGIN && !pathname.startsWith("//") ? pathname + search + hash : otherwise;
};

/** The address of the login page that leads back to a path. */
export const withNext = (href: string, path: string): string =>
  `${href}?${new URLSearchParams({ next: path })}`;
