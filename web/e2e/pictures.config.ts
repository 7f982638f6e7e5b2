import { defineConfig } from "@playwright/test";
import tests from "./playwright.config.js";

/** Takes the repository's pictures: `npm run drawings` in `web`, and `cargo xtask pictures`. */
export default defineConfig({
  testDir: "pictures",
  outputDir: "results/pictures",
  workers: 1,
  reporter: "list",
  timeout: 300_000,
  expect: { timeout: 60_000 },
  use: tests.use ?? {},
});
