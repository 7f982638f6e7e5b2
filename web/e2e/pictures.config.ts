import { defineConfig } from "@playwright/test";
import tests from "./playwright.config.js";

/** Makes the pictures that the project keeps: `npm run drawings` in `web`, and `cargo xtask pictures`. */
export default defineConfig({
  ...tests,
  testDir: "pictures",
  fullyParallel: false,
  workers: 1,
  timeout: 300_000,
});
