import { fileURLToPath } from "node:url";
import { type Connect, defineConfig, type Plugin } from "vite";
import { markdown } from "./markdown.js";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/**
 * The address of `cargo xtask up`. During `npm run dev` it answers all requests except those for
 * pages.
 */
const LOCAL_CLOUD = process.env.CHATCHAT_URL ?? "http://localhost:8080";

/** Rewrites the path of a page to its html file, as the distribution does. */
const servePages = ({ middlewares }: { middlewares: Connect.Server }): void => {
  middlewares.use((request, _response, next) => {
    if (/^\/desk(\/[^.]*)?(\?|$)/.test(request.url ?? "")) request.url = "/desk.html";
    next();
  });
};
const pages: Plugin = {
  name: "pages",
  configureServer: servePages,
  configurePreviewServer: servePages,
};

export default defineConfig({
  plugins: [markdown, pages],
  resolve: { alias: { "@chatchat/client": path("client/src/index.ts") } },
  server: {
    // By default, the files of this folder. The texts in docs/legal are outside.
    fs: { allow: [path("."), path("../docs/legal")] },
    // The API compares a page's Origin with the Host that the browser asked for.
    proxy: {
      "^/(api|pictures)/": { target: LOCAL_CLOUD, changeOrigin: false },
      "/realtime": { target: LOCAL_CLOUD, changeOrigin: false, ws: true },
    },
  },
  build: {
    target: "es2022",
    // The content security policy does not allow `data:` URLs in styles and scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { app: path("index.html"), desk: path("desk.html") } },
  },
});
