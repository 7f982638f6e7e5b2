import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// `npm run test:local` selects the mode `local-cloud`, which runs only this file.
const LOCAL = "test/local-cloud.test.ts";

export default defineConfig(({ mode }) => ({
  resolve: {
    alias: { "@chatchat/client": fileURLToPath(new URL("src/index.ts", import.meta.url)) },
  },
  test: {
    ...(mode === "local-cloud"
      ? { include: [LOCAL], testTimeout: 300_000, hookTimeout: 30_000 }
      : { include: ["test/*.test.ts"], exclude: [LOCAL] }),
    restoreMocks: true,
    unstubGlobals: true,
  },
}));
