import { expect, test } from "vitest";
import { text } from "../text/index.js";
import { CHECKS, fieldProblem, passwordRules, problemsOf } from "./problems.js";

const { problems } = text.account;

test.each([
  ["", "", false, false],
  ["abc", "", false, true],
  ["바다와haneul2026", "haneul01", true, true],
  ["haneul", "haneul01", false, true],
  ["onlyletters", "", false, true],
  ["correct horse battery staple", "", true, true],
  ["가".repeat(14), "", false, true],
  ["가".repeat(15), "", true, true],
  ["가".repeat(14).normalize("NFD"), "", false, true],
  ["HANEUL01", "haneul01", true, false],
  ["my-haneul01!", " haneul01 ", true, false],
  [`a1${"가".repeat(62)}`, "", true, true],
  [`a1${"가".repeat(63)}`, "", false, true],
  [`a1${"👨".repeat(6)}`, "", true, true],
])(
  "the password %j with the username %j: strength %j, username %j",
  (password, username, strength, differs) => {
    expect(passwordRules(password, username)).toEqual({ strength, username: differs });
  },
);

const valid = {
  name: "김하늘",
  username: "haneul01",
  password: "sky-2026x",
  confirmPassword: "sky-2026x",
  terms: "on",
  privacy: "on",
};

test("a complete form has no problem", () => {
  expect(problemsOf(CHECKS.join, valid)).toEqual({});
});

test("an empty form has a problem in each field", () => {
  expect(Object.keys(problemsOf(CHECKS.join, {}))).toEqual(Object.keys(valid));
});

test.each([
  ["name", " ", problems.codes.required],
  ["name", "가".repeat(21), problems.nameLength(20)],
  ["name", ` ${"가".repeat(20)} `, undefined],
  ["username", "short", problems.username],
  ["username", "한글아이디입니다", problems.username],
  ["username", " haneul01 ", undefined],
  ["password", "sky", problems.passwordLength],
  ["password", "하늘과바다와산과강", problems.codes.letter_and_digit_required],
  ["password", "haneul01", problems.codes.contains_username],
  ["password", "ChatChat2026", problems.codes.contains_product_name],
  ["password", "correct horse battery staple", undefined],
  ["terms", "", problems.consent],
  ["privacy", "", problems.consent],
  ["confirmPassword", "sky-2026y", problems.codes.mismatch],
  ["confirmPassword", "sky-2026x\u0301", problems.codes.mismatch],
])("the %s %j: %s", (field, typed, expected) => {
  expect(problemsOf(CHECKS.join, { ...valid, [field]: typed })[field]).toBe(expected);
});

test("a password can be repeated in another form", () => {
  const password = "하늘 sky 2026";
  const confirmPassword = password.normalize("NFD").replace(" ", "\u3000");
  expect(problemsOf(CHECKS.join, { ...valid, password, confirmPassword })).toEqual({});
});

test.each([
  ["username", "too_short", problems.username],
  ["username", "required", problems.codes.required],
  ["newPassword", "too_long", problems.passwordLength],
  ["name", "too_long", problems.nameLength(20)],
  ["password", "common_password", problems.codes.common_password],
  ["imageUrl", "unknown_picture", "from the server"],
] as const)("the server rejects the %s as %s", (field, code, expected) => {
  expect(fieldProblem({ field, code, message: "from the server" })).toBe(expected);
});
