/**
 * The language of the page: chosen by the user, or else the browser's. A change takes effect when
 * the page loads again.
 */

import { store, stored } from "../stored.js";

export type Language = "ko" | "en";

const LANGUAGES: readonly string[] = ["ko", "en"] satisfies Language[];

/**
 * Returns the first of a browser's languages in which the apps are available, by default Korean.
 */
export const preferred = (languages: readonly string[]): Language =>
  (languages
    .map((language) => language.toLowerCase().split("-")[0] ?? "")
    .find((language) => LANGUAGES.includes(language)) as Language | undefined) ?? "ko";

const chosen = stored("language");

export const language: Language = preferred([
  ...(chosen ? [chosen] : []),
  ...(globalThis.navigator?.languages ?? []),
]);

/** Chooses a language, and loads the page again in it. */
export const chooseLanguage = (choice: Language): void => {
  store("language", choice);
  location.reload();
};
