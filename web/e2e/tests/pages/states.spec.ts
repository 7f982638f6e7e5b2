/**
 * Each screen in each of its states: axe finds no problem, the page fits the window, and a
 * screenshot is kept.
 */

import { fits, isAccessible, keepsForcedColours } from "../../support/axe.js";
import { type Cast, createCast } from "../../support/cast.js";
import { People } from "../../support/people.js";
import { nameOf } from "../../support/state.js";
import { STATES } from "../../support/states.js";
import { test as base } from "../../support/test.js";
import { type Language, TEXTS } from "../../support/texts.js";

const test = base.extend<object, { cast: Cast }>({
  cast: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern.
    async ({}, use) => {
      const people = new People();
      await use(await createCast(people));
      people.close();
    },
    { scope: "worker", timeout: 60_000 },
  ],
});

// The screenshots show the states, so no traces are needed.
test.use({ trace: "off" });

const SCREENS = "results/screens";
const HEIGHT = 844;
const LOCALES = { ko: "ko-KR", en: "en-US" } satisfies Record<Language, string>;

for (const language of ["ko", "en"] as const) {
  for (const state of STATES) {
    const name = nameOf(state);
    test(`${language}: ${name}`, async ({ open, cast }) => {
      const page = await open(state.as?.(cast), state.path(cast), {
        context: { locale: LOCALES[language], viewport: { width: 390, height: HEIGHT } },
        ...(state.before && { before: state.before }),
      });
      await state.reach(page, TEXTS[language], cast);
      const picture = (what: string) => {
        const file = `${name} ${what}`.replace(" / ", " home ").replace("*", "nowhere");
        const path = `${SCREENS}/${language}/${file.replace(/[^\w-]+/g, "-")}.png`;
        return page.screenshot({ path, animations: "disabled" });
      };
      for (const width of [390, 1280]) {
        await page.setViewportSize({ width, height: HEIGHT });
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme });
          const variant = `${colorScheme} ${width}`;
          await picture(variant);
          await fits(page, variant);
          if (language === "ko") await isAccessible(page, variant);
        }
      }
      if (language === "en") return;

      await page.setViewportSize({ width: 390, height: HEIGHT });
      await page.emulateMedia({ colorScheme: "dark", forcedColors: "active" });
      await picture("forced colours");
      await keepsForcedColours(page);
      await page.emulateMedia({ colorScheme: "light", forcedColors: "none" });
      // Text at 200 %, then a zoom of 400 % in a window of 1280 pixels, which leaves 320 pixels.
      await page.evaluate(() => document.documentElement.style.setProperty("font-size", "200%"));
      await picture("text at 200");
      await fits(page, "text at 200 %");
      await page.evaluate(() => document.documentElement.style.removeProperty("font-size"));
      await page.setViewportSize({ width: 320, height: 256 });
      await fits(page, "zoom at 400 %");
    });
  }
}
