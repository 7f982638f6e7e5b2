import { execFileSync, execSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import manifest from "../package.json" with { type: "json" };

const folder = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string): string => readFileSync(`${folder}/${path}`, "utf8");

test("the bundle has at most 8,500 bytes gzipped", () => {
  const [bundle = ""] = manifest.scripts.build.split(" && ");
  const built = execSync(bundle.replace(/ --outfile=\S+/, ""), {
    cwd: folder,
    env: { ...process.env, PATH: `node_modules/.bin:${process.env.PATH}` },
  });
  expect(built.toString()).toContain("createChat");
  expect(gzipSync(built, { level: 9 }).length).toBeLessThanOrEqual(8_500);
}, 20_000);

test("there are no dependencies at run time, and exact versions in development", () => {
  expect(manifest).not.toHaveProperty("dependencies");
  expect(manifest).not.toHaveProperty("peerDependencies");
  for (const version of Object.values(manifest.devDependencies))
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
});

test("src/api.ts is generated from infra/openapi.yaml (`npm run generate`)", () => {
  const generate = [...manifest.scripts.generate.split(" ").slice(1), "--check"];
  execFileSync("npx", ["--no-install", "openapi-typescript", ...generate], {
    cwd: folder,
    stdio: "pipe",
  });
}, 20_000);

test("the example in the README is the one that runs", () => {
  expect(read("README.md")).toContain(`\`\`\`ts\n${read("example/ask.ts")}\`\`\`\n`);
});

test("the wall clock is used only to notice that the computer has slept", () => {
  const uses = readdirSync(`${folder}/src`).flatMap((file) =>
    file === "api.ts"
      ? []
      : [...read(`src/${file}`).matchAll(/\bDate\b.*/g)].map(([use]) => `${file}: ${use}`),
  );
  expect(uses).toEqual(["wakes.ts: Date.now();", "wakes.ts: Date.now();"]);
});
