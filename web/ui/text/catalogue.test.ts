import { describe, expect, test } from "vitest";

type Catalogue = Readonly<Record<string, unknown>>;

const modules = import.meta.glob<Record<string, Catalogue>>("../../*/text/{ko,en}.ts", {
  eager: true,
});

/** The texts of a catalogue by their path. Functions are called with example values. */
const texts = (catalogue: unknown, path = ""): [path: string, text: string][] => {
  if (typeof catalogue === "string") return [[path, catalogue]];
  if (typeof catalogue === "function") return [[path, String(catalogue("3", "3"))]];
  return Object.entries(catalogue as object).flatMap(([key, inner]) =>
    texts(inner, path ? `${path}.${key}` : key),
  );
};

const apps = Object.keys(modules)
  .filter((path) => path.endsWith("/ko.ts"))
  .map((path) => ({
    path,
    ko: texts(modules[path]?.ko),
    en: texts(modules[path.replace("/ko.ts", "/en.ts")]?.en),
  }));

/** Names and formats, which are the same in both languages. */
const SAME = /^(JPEG|PNG|WebP|MB|HTML|ChatChat|CSP|Node|PHP|Java|Enter|Esc|Ctrl)$/;

test("each application has a Korean and an English catalogue", () => {
  expect(apps.length).toBeGreaterThanOrEqual(2);
});

describe.each(apps)("$path", ({ ko, en }) => {
  test("has the same keys in both languages, and no empty text", () => {
    expect(en.map(([path]) => path)).toEqual(ko.map(([path]) => path));
    for (const [path, text] of [...ko, ...en]) expect(text.trim(), path).not.toBe("");
  });

  test("has no Hangul in English", () => {
    for (const [path, text] of en) expect(text, path).not.toMatch(/\p{Script=Hangul}/u);
  });

  test("has no English sentence in Korean", () => {
    for (const [path, text] of ko) {
      const words = (text.match(/[A-Za-z]{2,}/g) ?? []).filter((word) => !SAME.test(word));
      expect(words.length, `${path}: ${text}`).toBeLessThan(3);
    }
  });

  test("shows no alternative forms of a particle in Korean", () => {
    for (const [path, text] of ko) expect(text, path).not.toMatch(/[가-힣]\([가-힣]\)/);
  });
});
