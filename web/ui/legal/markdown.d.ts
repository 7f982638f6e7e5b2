/** The Vite plugin in `markdown.ts` compiles these files. */
declare module "*.md" {
  export default function render(h: typeof import("preact").h): import("preact").VNode;
}
