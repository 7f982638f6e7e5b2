/** The test function of all files here: each test also fails if a page broke its policy or reported an error. */

import { test as base, expect } from "@playwright/test";

export { expect };

/**
 * Chromium reports each status from 400 on. The API's are for tests to judge, and a browser looks for
 * /favicon.ico beside a response that is not a page.
 */
const isExpected = (text: string, url: string): boolean =>
  text.startsWith("Failed to load resource: the server responded with a status of 4") &&
  /^(\/api\/|\/favicon\.ico$)/.test(new URL(url).pathname);

export const test = base.extend<{ problems: string[] }>({
  /** What pages reported. A test that provokes a problem takes it out. */
  problems: [
    async ({ context }, use) => {
      const problems: string[] = [];
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
      await use(problems);
      expect(problems).toEqual([]);
    },
    { auto: true },
  ],
});
