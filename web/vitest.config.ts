import { defineConfig } from "vitest/config";

// Pure modules only; what touches the DOM is tested in Chromium.
export default defineConfig({ test: { include: ["{ui,app,desk}/**/*.test.ts"] } });
