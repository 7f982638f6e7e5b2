/** Accessibility, as axe judges it. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, type Page } from "@playwright/test";
import type axe from "axe-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Expects that the page as it is has no violation. */
export const isAccessible = async (page: Page, state: string): Promise<void> => {
  // Chromium takes a script from here also under the page's policy.
  if (!(await page.evaluate(() => Reflect.has(window, "axe")))) await page.evaluate(AXE);
  const found = await page.evaluate(async (runOnly) => {
    const axeOfPage: typeof axe = Reflect.get(window, "axe");
    const { violations, passes, inapplicable } = await axeOfPage.run({ runOnly });
    const places = ({ id, nodes }: axe.Result) => [
      id,
      ...nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`),
    ];
    const judged = [...passes, ...inapplicable].map(({ id }) => id);
    return { violations: violations.map(places), judged };
  }, TAGS);
  expect(found.violations, state).toEqual([]);
  expect(found.judged, state).toEqual(
    expect.arrayContaining(["color-contrast", "region", "target-size"]),
  );
};

/** Expects that the page fits into the width of the window, once it has adapted to the window. */
export const fits = async (page: Page, state: string): Promise<void> => {
  const overflow = () =>
    page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  await expect.poll(overflow, state).toBeLessThanOrEqual(0);
};

/**
 * Expects that the user's own colours are in force for all text, and that bubbles and buttons, whose
 * background is gone then, have borders. axe reads the page's colours and not the forced ones.
 */
export const keepsForcedColours = async (page: Page): Promise<void> => {
  const found = await page.evaluate(() => {
    const shown = [...document.body.querySelectorAll("*")].filter((e) => e.checkVisibility());
    const hasText = (element: Element): boolean =>
      [...element.childNodes].some(({ nodeType, data = "" }: ChildNode & { data?: string }) => {
        return nodeType === Node.TEXT_NODE && data.trim();
      });
    const isBare = (element: Element): boolean => {
      const { borderTopStyle, borderTopWidth, outlineStyle } = getComputedStyle(element);
      return (borderTopStyle === "none" || borderTopWidth === "0px") && outlineStyle === "none";
    };
    return {
      own: shown
        .filter((e) => hasText(e) && getComputedStyle(e).forcedColorAdjust === "none")
        .map((e) => e.outerHTML.slice(0, 120)),
      bare: shown
        .filter((e) => e.matches(".bubble, .button-primary, .button-danger") && isBare(e))
        .map((e) => e.outerHTML.slice(0, 120)),
    };
  });
  expect(found, "forced colours").toEqual({ own: [], bare: [] });
};
