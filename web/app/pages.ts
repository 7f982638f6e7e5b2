/** The pages that are not part of the first load of `/` and `/c/{id}`. */

import { lazy } from "../ui/lazy.js";

const account = () => import("./account-pages.js");

export const RoomsPage = lazy(async () => (await import("./rooms-page.js")).RoomsPage);
export const LoginPage = lazy(async () => (await account()).LoginPage);
export const JoinPage = lazy(async () => (await account()).JoinPage);
export const LegalPage = lazy(async () => (await account()).LegalPage);
export const MePage = lazy(async () => (await account()).MePage);
export const AccountPage = lazy(async () => (await account()).AccountPage);

/**
 * Loads the chunk of a path while the session is restored, and all other chunks one second after
 * the page has loaded.
 */
export const preloadPages = (path: string): void => {
  if (path.startsWith("/rooms")) RoomsPage.preload();
  const rest = (): void => {
    for (const page of [RoomsPage, LoginPage, JoinPage, MePage, AccountPage]) page.preload();
  };
  const whenLoaded = (): void => void setTimeout(rest, 1_000);
  if (document.readyState === "complete") whenLoaded();
  else addEventListener("load", whenLoaded);
};
