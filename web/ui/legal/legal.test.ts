import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import operator from "../../../docs/legal/operator.json";
import { toJsx } from "../../markdown.js";
import { en } from "../text/en.js";
import { ko } from "../text/ko.js";

const source = (path: string): string =>
  readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

const CATALOGUES = { ko, en };
const TEXTS = (["terms", "privacy"] as const).flatMap((name) =>
  (["ko", "en"] as const).map((language) => {
    const file = `${name}.${language}.md`;
    return { name, language, file, markdown: source(`docs/legal/${file}`) };
  }),
);

test("the list of texts is complete", () => {
  const files = readdirSync(new URL("../../../docs/legal", import.meta.url));
  expect(files.filter((file) => file.endsWith(".md"))).toHaveLength(TEXTS.length);
});

test.each(TEXTS)("$file has the version that a sign-up records", (text) => {
  const versions = new Map(
    [...source("shared/domain/src/consent.rs").matchAll(/\("(\w+)", "([\d-]+)"\)/g)].map(
      ([, document, version]) => [document, version],
    ),
  );
  expect(versions.size).toBe(2);
  const [title, version] = text.markdown.split("\n\n");
  expect(title).toBe(`# ${CATALOGUES[text.language].legal[text.name]}`);
  expect(version?.split(": ")[1]).toBe(versions.get(text.name));
});

test.each(["terms", "privacy"] as const)("both texts of the %s have the same structure", (name) => {
  const [korean, english] = TEXTS.filter((text) => text.name === name).map(({ markdown }) =>
    markdown.match(/^(## |\d+\. |- |\|)/gm),
  );
  expect(english).toEqual(korean);
});

test.each(["ko", "en"] as const)("each value of the operator is used in %s", (language) => {
  const texts = TEXTS.filter((text) => text.language === language).map(({ markdown }) => markdown);
  const used = new Set([...texts.join().matchAll(/\{\{(.+?)\}\}/g)].map(([, name]) => name));
  expect([...used].sort()).toEqual(Object.keys(operator[language]).sort());
});

test.each(["EraseAfterDays", "LogDays", "BackupDays"] as const)(
  "the texts have the %s of the stage prod",
  (name) => {
    const { Parameters } = parse(source("infra/template.yaml"), { logLevel: "error" });
    const prod = source("infra/samconfig.toml").split("[prod.deploy.parameters]")[1];
    const set = new RegExp(`"${name}=(\\d+)"`).exec(prod ?? "")?.[1];
    for (const language of ["ko", "en"] as const) {
      expect(operator[language][name]).toBe(set ?? String(Parameters[name].Default));
    }
  },
);

test("an empty value is marked, and a value is inserted", () => {
  const markdown = "# Title\n\n{{company}} & {{city}}\n";
  expect(toJsx(markdown, { company: "", city: "Seoul" }).trim()).toBe(
    "<p><mark>[company]</mark> &amp; Seoul</p>",
  );
  expect(() => toJsx(markdown, { company: "" })).toThrow("“city”");
});

test("braces and line breaks of a text stay", () => {
  expect(toJsx("# Title\n\n**a**\nb {c}\n", {}).trim()).toBe(
    '<p><strong>a</strong> b {"{"}c{"}"}</p>',
  );
});
