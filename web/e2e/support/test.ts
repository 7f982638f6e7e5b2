/**
 * The test function of all files here. A test also fails if a page violates its policy or reports
 * an error.
 */

import {
  type BrowserContext,
  type BrowserContextOptions,
  test as base,
  expect,
  type Page,
} from "@playwright/test";
import { FailingProxy } from "../../client/test/local/proxy.js";
import { logIn, People, type Person } from "./people.js";

export { expect };

/** The options of a page for one person. */
export interface Opening {
  /** The network between the page and the cloud. */
  network?: Network | undefined;
  /** Options of the browser context, such as its locale. */
  context?: BrowserContextOptions;
  /** Called with the empty page, before it opens the path. */
  before?: (page: Page) => Promise<unknown>;
}

/** A network that fails on demand, and the origin behind it. */
export class Network extends FailingProxy {
  origin = "";
}

interface Fixtures {
  /** The problems that pages reported. A test that provokes a problem removes it from the list. */
  problems: string[];
  people: People;
  network: Network;
  /**
   * Opens a path in a new browser context, logged in as the person. Without a person, logged out.
   */
  open: (person: Person | undefined, path: string, opening?: Opening) => Promise<Page>;
}

/**
 * Returns whether an error in Chromium's console is expected. Chromium reports each response with a
 * status of 400 or more, and each request without a response. Error responses of the API are
 * expected, because the tests check them. So is a missing `/favicon.ico`, which a browser requests
 * for a response that is not a page. Requests without a response are expected, because tests cut
 * connections.
 */
const isExpected = (text: string, url: string): boolean =>
  (/^Failed to load resource: the server responded with a status of [45]/.test(text) &&
    /^(\/api\/|\/favicon\.ico$)/.test(new URL(url).pathname)) ||
  /^(Failed to load resource: net::ERR_|WebSocket connection to '\S+' failed)/.test(text);

/** Collects the problems that the pages of a context report. */
const watch = async (context: BrowserContext, problems: string[]): Promise<void> => {
  await context.exposeFunction("reportProblem", (problem: string) => problems.push(problem));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (violation) => {
      const { effectiveDirective, blockedURI } = violation;
      Reflect.get(window, "reportProblem")(`${effectiveDirective} forbids ${blockedURI}`);
    });
  });
  context.on("weberror", (uncaught) => problems.push(String(uncaught.error())));
  context.on("console", (message) => {
    const { url } = message.location();
    if (message.type() === "error" && !isExpected(message.text(), url)) {
      problems.push(`${message.text()} ${url}`);
    }
  });
};

export const test = base.extend<Fixtures>({
  problems: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern.
    async ({}, use) => {
      const problems: string[] = [];
      await use(problems);
      expect(problems).toEqual([]);
    },
    { auto: true },
  ],
  context: async ({ context, problems }, use) => {
    await watch(context, problems);
    await use(context);
  },
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern.
  people: async ({}, use) => {
    const people = new People();
    await use(people);
    people.close();
  },
  network: async ({ baseURL }, use) => {
    const network = new Network(new URL(baseURL!));
    network.origin = `http://localhost:${await network.start()}`;
    await use(network);
    network.stop();
  },
  open: async ({ browser, problems }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (person, path, opening = {}) => {
      const { network } = opening;
      const context = await browser.newContext({
        ...opening.context,
        ...(network && { baseURL: network.origin }),
      });
      contexts.push(context);
      await watch(context, problems);
      if (person) await logIn(context, person);
      const page = await context.newPage();
      await opening.before?.(page);
      await page.goto(path);
      return page;
    });
    await Promise.all(contexts.map((context) => context.close()));
  },
});
