import { defineConfig, type Project } from "@playwright/test";

const baseURL = process.env.BASE_URL ?? "http://localhost:8080";
// `support/people.ts` uses the client library's test accounts, which read this variable.
process.env.CHATCHAT_URL = `${baseURL}/api`;

/**
 * A folder of tests with a separate folder of results. Otherwise a run of one project removes the
 * results of another.
 */
const project = (name: string, more: Project = {}): Project => ({
  name,
  testDir: `tests/${name}`,
  outputDir: `results/${name}`,
  ...more,
});

export default defineConfig({
  fullyParallel: true,
  workers: 2,
  forbidOnly: !!process.env.CI,
  reporter: "list",
  timeout: 60_000,
  expect: { timeout: 15_000 },
  use: {
    baseURL,
    locale: "ko-KR",
    timezoneId: "Asia/Seoul",
    screenshot: "only-on-failure",
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      // Playwright adds the options that a headless Chromium needs as root, such as --no-sandbox.
      args: ["--disable-gpu"],
    },
  },
  projects: [
    project("pages"),
    // These tests measure, so they run one at a time, after the others, and record no traces.
    project("alone", { workers: 1, dependencies: ["pages"], use: { trace: "off" } }),
    // These tests restart the cloud, which affects all open pages.
    project("restart", { workers: 1, dependencies: ["alone"] }),
    // A real input method, in a Chromium with a window.
    project("ime", { workers: 1, use: { headless: false } }),
  ],
});
