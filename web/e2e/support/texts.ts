/** The catalogues of the apps, by language. */

import { en as appEn } from "../../app/text/en.js";
import { ko as appKo } from "../../app/text/ko.js";
import { en as deskEn } from "../../desk/text/en.js";
import { ko as deskKo } from "../../desk/text/ko.js";
import { en as uiEn } from "../../ui/text/en.js";
import { ko as uiKo } from "../../ui/text/ko.js";

export interface Texts {
  ui: typeof uiKo;
  app: typeof appKo;
  desk: typeof deskKo;
}

export const TEXTS = {
  ko: { ui: uiKo, app: appKo, desk: deskKo },
  en: { ui: uiEn, app: appEn, desk: deskEn },
} satisfies Record<string, Texts>;

export type Language = keyof typeof TEXTS;
