/** The pages that are not part of the first load, which contains only the inbox. */

import { lazy } from "../ui/lazy.js";

const others = () => import("./other-pages.js");

export const LoginPage = lazy(async () => (await others()).LoginPage);
export const JoinPage = lazy(async () => (await others()).JoinPage);
export const LegalPage = lazy(async () => (await others()).LegalPage);
export const Start = lazy(async () => (await others()).Start);
export const Faq = lazy(async () => (await others()).Faq);
export const Profile = lazy(async () => (await others()).Profile);
export const Settings = lazy(async () => (await others()).Settings);

/**
 * Loads the chunk of these pages: immediately if `path` is one of them, otherwise one second after
 * the page has loaded.
 */
export const preloadPages = (path: string): void => {
  const preload = (): void => {
    for (const page of [LoginPage, JoinPage, Start, Faq, Profile, Settings]) page.preload();
  };
  const whenLoaded = (): void => void setTimeout(preload, 1_000);
  if (!/^\/desk(\/rooms\/.*)?$/.test(path)) preload();
  else if (document.readyState === "complete") whenLoaded();
  else addEventListener("load", whenLoaded);
};
