import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import {
  LONG_PASSWORD,
  lengthOf,
  MAX,
  MAX_FAQ,
  MAX_PICTURE_BYTES,
  PASSWORD,
  PICTURE_TYPES,
  prepared,
  trimmed,
  USERNAME,
} from "./limits.js";

const document = parse(readFileSync(new URL("../../infra/openapi.yaml", import.meta.url), "utf8"));
const { schemas, parameters } = document.components;

test.each([
  ["name", schemas.Name.maxLength],
  ["description", schemas.Description.maxLength],
  ["question", schemas.Question.maxLength],
  ["answer", schemas.FaqAnswer.maxLength],
  ["message", schemas.MessageContent.maxLength],
  ["keyword", parameters.ReceiverKeyword.schema.maxLength],
] as const)("the limit of a %s is that of the API", (name, limit) => {
  expect(MAX[name]).toBe(limit);
});

test("usernames and passwords have the limits of the API", () => {
  expect(USERNAME.source).toBe(schemas.Username.pattern);
  expect(PASSWORD).toEqual({ min: schemas.Password.minLength, max: schemas.Password.maxLength });
  const isAllowed = (password: string) => new RegExp(schemas.Password.pattern, "u").test(password);
  expect(isAllowed("가".repeat(LONG_PASSWORD))).toBe(true);
  expect(isAllowed("가".repeat(LONG_PASSWORD - 1))).toBe(false);
});

test("an FAQ has as many entries as the API allows", () => {
  const answer = document.paths["/auto-replies"].get.responses["200"];
  expect(MAX_FAQ).toBe(answer.content["application/json"].schema.properties.autoReplies.maxItems);
});

test("pictures have the types and the size that the API names", () => {
  const { schema, encoding } =
    document.paths["/files"].post.requestBody.content["multipart/form-data"];
  expect(PICTURE_TYPES.join(", ")).toBe(encoding.file.contentType);
  expect(schema.properties.file.description).toContain(`to ${MAX_PICTURE_BYTES / 2 ** 20} MiB`);
});

test.each([
  ["　 하늘\n", "하늘", 2],
  ["\u1112\u1161\u1102\u1173\u11af", "하늘", 2],
  ["👨‍👩‍👧", "👨‍👩‍👧", 5],
])("%j is stored as %j, with %i characters", (typed, stored, length) => {
  expect(trimmed(typed)).toBe(stored);
  expect(lengthOf(trimmed(typed))).toBe(length);
});

test("a password is composed and keeps its spaces, as U+0020", () => {
  expect(prepared(" \u1112\u1161\u1102\u1173\u11af\u3000a\u00a0")).toBe(" 하늘 a ");
  expect(lengthOf("하늘".normalize("NFD"))).toBe(2);
});
