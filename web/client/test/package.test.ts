import { execFileSync, execSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import manifest from "../package.json" with { type: "json" };

const folder = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string): string => readFileSync(`${folder}/${path}`, "utf8");

test("the bundle that is built is at most 5 KB gzipped", () => {
  const [bundle = ""] = manifest.scripts.build.split(" && ");
  const built = execSync(bundle.replace(/ --outfile=\S+/, ""), { cwd: folder, env: { ...process.env, PATH: `node_modules/.bin:${process.env["PATH"]}` } });
  expect(built.toString()).toContain("createChat");
  expect(gzipSync(built, { level: 9 }).length).toBeLessThanOrEqual(5_000);
}, 20_000);

test("the library depends on nothing, and development on exact versions", () => {
  expect(manifest).not.toHaveProperty("dependencies");
  expect(manifest).not.toHaveProperty("peerDependencies");
  for (const version of Object.values(manifest.devDependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
});

test("the types are those of infra/openapi.yaml; if not, `npm run generate`", () => {
  const generate = [...manifest.scripts.generate.split(" ").slice(1), "--check"];
  execFileSync(process.execPath, ["node_modules/openapi-typescript/bin/cli.js", ...generate], { cwd: folder, stdio: "pipe" });
}, 20_000);

test("the example in the README is the one that is run", () => {
  expect(read("README.md")).toContain(`\`\`\`ts\n${read("example/ask.ts")}\`\`\`\n`);
});

test("the wall clock is not asked", () => {
  for (const file of readdirSync(`${folder}/src`)) {
    if (file !== "api.ts") expect(read(`src/${file}`), file).not.toMatch(/\bDate\b/);
  }
});
