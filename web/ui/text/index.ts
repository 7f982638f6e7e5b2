/** The texts of the parts that both apps share. */

import { ko } from "./ko.js";
import { language } from "./language.js";

/** The texts in the page's language. Read `text` while rendering, never while a module loads. */
export let text = ko;

/** Loads the texts of the page's language. Call it before the first render. */
export const loadText = async (): Promise<void> => {
  if (language === "en") text = (await import("./en.js")).en;
};
