/**
 * A Vite plugin that compiles the texts in `docs/legal` to functions that create their elements
 * with Preact's `h`. So a text imports nothing and is a separate chunk.
 */

import { basename } from "node:path";
import { marked } from "marked";
import { type Plugin, transformWithOxc } from "vite";
import operator from "../docs/legal/operator.json" with { type: "json" };

/**
 * Compiles a text to JSX, without its first line: the title, which the page shows. A name in double
 * braces becomes its value. An empty value is marked, so that operators see what they have to fill
 * in.
 */
export const toJsx = (markdown: string, values: Readonly<Record<string, string>>): string => {
  const filled = markdown.replace(/^# .*/, "").replace(/\{\{(.+?)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`docs/legal/operator.json has no value “${name}”.`);
    return value || `<mark>[${name}]</mark>`;
  });
  const html = marked.parse(filled, { async: false });
  // JSX removes white space around a line break.
  return html.replace(/[{}]/g, (brace) => `{"${brace}"}`).replaceAll("\n", " ");
};

export const markdown: Plugin = {
  name: "markdown",
  transform: {
    filter: { id: /\.md$/ },
    handler(text, id) {
      const language = id.endsWith(".en.md") ? "en" : "ko";
      const jsx = `<div class="legal">${toJsx(text, operator[language])}</div>`;
      return transformWithOxc(`export default (h) => ${jsx};`, `${basename(id)}.jsx`, {
        jsx: { runtime: "classic", pragma: "h" },
      });
    },
  },
};
