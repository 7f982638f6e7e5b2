import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

export default defineConfig({
  resolve: {
    alias: {
      "@chatchat/client": fileURLToPath(new URL("../client/src/index.ts", import.meta.url)),
    },
  },
  build: {
    target: "es2022",
    outDir: "../dist",
    emptyOutDir: true,
    // The content security policy allows no data: in styles and scripts.
    assetsInlineLimit: 0,
  },
});
