/**
 * Fails if the first load of a page is larger than its limit. The size is the sum of its html and
 * of all scripts and styles that load with it, each compressed by gzip -9.
 */

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

/** The largest size of each page, in bytes. */
const LIMITS = { "index.html": 40_000, "desk.html": 80_000 };

const read = (name) => readFileSync(new URL(`dist/${name}`, import.meta.url));

let isTooLarge = false;
for (const [page, limit] of Object.entries(LIMITS)) {
  const loaded = new Set([page]);
  // The loop also visits the names that are added to the set while it runs.
  for (const name of loaded) {
    if (name.endsWith(".css")) continue;
    const content = read(name).toString();
    const names = name.endsWith(".html")
      ? content.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)
      : content.matchAll(/(?:^|[;}])import(?:[\w*{}$, ]+from)?"\.\/([^"]+\.js)"/g);
    for (const [, found] of names) loaded.add(name.endsWith(".html") ? found : `assets/${found}`);
  }
  const size = [...loaded].reduce(
    (sum, name) => sum + gzipSync(read(name), { level: 9 }).length,
    0,
  );
  console.log(`${page}: ${size} of ${limit} bytes gzipped, in ${loaded.size} files`);
  isTooLarge ||= size > limit;
}
if (isTooLarge) {
  console.error("A page is larger than its limit in size.mjs.");
  process.exit(1);
}
