/**
 * The paths of the pages: none is a path of the API, and each opens from a link and after a reload.
 */

import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { ko as app } from "../../../app/text/ko.js";
import { ko as desk } from "../../../desk/text/ko.js";
import { ko as ui } from "../../../ui/text/ko.js";
import { STATES } from "../../support/states.js";
import { expect, test } from "../../support/test.js";

const source = (path: string): string =>
  readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

/** The routes with states, each once. */
const ROUTES = [...new Set(STATES.map(({ route }) => route))];

/** Returns the routes in the source of an app. */
const routesIn = (path: string, base: string): string[] =>
  [...source(path).matchAll(/<Route\s+path="([^"]*)"/g)].map(([, route]) =>
    route === "/" ? base || "/" : `${base}${route}`,
  );

test("each route of the apps has a list of states", () => {
  const named = [...routesIn("app/app.tsx", ""), ...routesIn("desk/app.tsx", "/desk")];
  expect(named.length).toBeGreaterThan(6);
  expect(ROUTES).toEqual(expect.arrayContaining(named));
  // Each app has one regular expression for its routes with ids. A new one must be added here.
  expect(source("app/app.tsx")).toContain("(?<page>c|rooms)");
  expect(source("desk/app.tsx").match(/path=\{\w+\}/g)).toEqual(["path={INBOX}"]);
  expect(ROUTES).toEqual(expect.arrayContaining(["/c/:id", "/rooms/:id", "/desk/rooms/:id"]));
});

test("each route that calls the API has the states that its screen can have", () => {
  for (const route of ROUTES.filter((route) => !/\*|terms|privacy/.test(route))) {
    const kinds = STATES.filter((state) => state.route === route).map(({ kind }) => kind);
    expect(kinds, route).toContain("error");
    expect(kinds.includes("filled") || kinds.includes("empty"), route).toBe(true);
    expect(kinds.length, route).toBeGreaterThanOrEqual(3);
  }
});

test("no page has a path of the API", () => {
  const { paths } = parse(source("../infra/openapi.yaml"));
  const taken = Object.keys(paths).map((path) => `/api${path}`);
  taken.push("/realtime", "/pictures/profile/a.png", "/api/docs");
  const pages = ROUTES.filter((route) => !route.includes("*"));
  for (const path of taken) {
    const concrete = path.replace(/\{\w+\}/g, "7");
    for (const page of pages) {
      const pattern = new RegExp(`^${page.replace(/:\w+/g, "[^/]+")}/?$`);
      expect(pattern.test(concrete), `${path} is ${page}`).toBe(false);
    }
  }
});

test("each page opens from a link and after a reload", async ({ people, open }) => {
  test.setTimeout(120_000);
  const { customer, company, roomId } = await people.pair();
  const pages = {
    app: await open(customer, "/"),
    desk: await open(company, "/desk"),
  };
  const headings: Record<string, string | RegExp> = {
    "/": app.directory.title,
    "/c/:id": "새벽빵집",
    "/rooms": app.rooms.title,
    "/rooms/:id": /./,
    "/me": app.me.title,
    "/me/account": app.me.account,
    "/terms": ui.legal.terms,
    "/privacy": ui.legal.privacy,
    "/desk": desk.inbox.title,
    "/desk/rooms/:id": desk.inbox.room("김하늘"),
    "/desk/start": desk.start.title,
    "/desk/faq": desk.faq.title,
    "/desk/profile": desk.profile.title,
    "/desk/settings": desk.settings.title,
    "/desk/terms": ui.legal.terms,
    "/desk/privacy": ui.legal.privacy,
  };
  const isLogin = (route: string) => /\/(login|join)$/.test(route);
  const rest = ROUTES.filter((route) => !isLogin(route) && !route.includes("*"));
  expect(Object.keys(headings).sort()).toEqual(rest.sort());
  for (const [route, heading] of Object.entries(headings)) {
    const page = route.startsWith("/desk") ? pages.desk : pages.app;
    const id = route.includes("/c/") ? company.id : roomId;
    const path = route.replace(":id", String(id));
    await page.goto(path);
    for (const _ of ["opened", "reloaded"]) {
      await expect(page.getByRole("heading", { level: 1 }), route).toHaveText(heading);
      expect(new URL(page.url()).pathname).toBe(path);
      await page.reload();
    }
  }
  // Without a session, the route shows a form. With a session, it shows the page after the login.
  for (const route of ROUTES.filter(isLogin)) {
    const page = await open(undefined, route);
    for (const _ of ["opened", "reloaded"]) {
      await expect(page.locator("input[name=password]"), route).toBeVisible();
      await page.reload();
    }
    const inside = route.startsWith("/desk") ? pages.desk : pages.app;
    await inside.goto(route);
    await expect(inside.getByRole("navigation"), route).toBeVisible();
    await expect(inside).not.toHaveURL(/login|join/);
  }
});
