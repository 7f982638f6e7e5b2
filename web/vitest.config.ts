import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Pure modules only; what touches the DOM is tested in Chromium.
export default defineConfig({
  resolve: {
    alias: { "@chatchat/client": fileURLToPath(new URL("client/src/index.ts", import.meta.url)) },
  },
  test: { include: ["{ui,app,desk}/**/*.test.ts"] },
});
