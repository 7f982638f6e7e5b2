/** One state of a screen, and ways to bring a page into it. */

import { expect, type Page } from "@playwright/test";
import type { Cast } from "./cast.js";
import type { Person } from "./people.js";
import type { Texts } from "./texts.js";

export type Kind = "loading" | "empty" | "filled" | "error" | "offline" | "dialog";

export interface State {
  app: "app" | "desk";
  /** The route, with names in place of ids. */
  route: string;
  kind: Kind;
  /** Tells states of one kind apart. */
  variant?: string;
  /** The path to open. */
  path: (cast: Cast) => string;
  /** Who is logged in. */
  as?: (cast: Cast) => Person;
  /** What to do before the page is loaded, such as holding back responses. */
  before?: (page: Page) => Promise<unknown>;
  /** Brings the page into the state, and waits until it is there. */
  reach: (page: Page, texts: Texts, cast: Cast) => Promise<void>;
}

export const nameOf = ({ app, route, kind, variant }: State): string =>
  `${app} ${route} ${kind}${variant ? ` ${variant}` : ""}`;

/** Never answers requests to a part of the API. */
export const hold =
  (path: RegExp, method = "GET") =>
  (page: Page) =>
    page.route(path, async (route) => {
      if (route.request().method() !== method) await route.fallback();
    });

/** Answers requests to a part of the API with an error. */
export const refuse =
  (
    path: RegExp,
    status: number,
    code: string,
    headers: Record<string, string> = {},
    method = "GET",
  ) =>
  (page: Page) =>
    page.route(path, async (route) => {
      if (route.request().method() !== method) return route.fallback();
      const json = { code, message: "일시적인 오류가 발생했습니다.", requestId: "x" };
      await route.fulfill({ status, json, headers });
    });

/** Takes the network away once the page is filled. */
export const goOffline = (page: Page): Promise<void> => page.context().setOffline(true);

/** Waits until a text is on the screen. */
export const shows = (what: string | RegExp) => (page: Page) =>
  expect(page.getByText(what).filter({ visible: true }).first()).toBeVisible();

export const EXPORT = /\/api\/(customers|companies)\/me\/export$/;

/** Begins the download of the account's data. */
export const download = (page: Page, { ui }: Texts) =>
  page.getByRole("button", { name: ui.account.download }).click();

/** The state after more downloads of the account's data than the limit allows. */
export const tooManyDownloads = {
  kind: "error",
  variant: "too many downloads",
  before: refuse(EXPORT, 429, "too_many_requests", { "retry-after": "2400" }),
  reach: async (page: Page, texts: Texts) => {
    await download(page, texts);
    await shows(texts.ui.retryIn(2_400))(page);
  },
} satisfies Partial<State>;

/** Waits until the terms or the privacy notice are on the screen. Both name the download. */
export const showsText = (page: Page, { ui }: Texts) =>
  expect(page.locator(".legal")).toContainText(ui.account.download);

/** Waits until the page shows that it is loading. */
export const loads = (page: Page) => expect(page.locator(".skeleton").first()).toBeVisible();

/** Waits until the page offers to try again. */
export const offersRetry = (page: Page, { ui }: Texts) =>
  expect(page.getByRole("button", { name: ui.retry })).toBeVisible();
