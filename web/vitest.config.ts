import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Only modules that need no DOM. The end-to-end tests run the others in a browser.
export default defineConfig({
  resolve: {
    alias: { "@chatchat/client": fileURLToPath(new URL("client/src/index.ts", import.meta.url)) },
  },
  test: { include: ["{ui,app,desk}/**/*.test.ts"] },
});
