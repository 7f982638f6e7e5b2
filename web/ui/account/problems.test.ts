import { expect, test } from "vitest";
import { text } from "../text/index.js";
import { CHECKS, fieldProblem, passwordRules, problemsOf } from "./problems.js";

const { problems } = text.account;

test.each([
  ["", "", [false, false, false, false]],
  ["abc", "", [false, true, false, true]],
  ["바다와haneul2026", "haneul01", [true, true, true, true]],
  ["HANEUL01", "haneul01", [true, true, true, false]],
  [" haneul01 ", "haneul01", [true, true, true, false]],
  [`a1${"가".repeat(63)}`, "", [false, true, true, true]],
  [`a1${"👨".repeat(6)}`, "", [true, true, true, true]],
])(
  "which rules the password %j with the username %j follows: %j",
  (password, username, expected) => {
    const { length, letter, digit, different } = passwordRules(password, username);
    expect([length, letter, digit, different]).toEqual(expected);
  },
);

const valid = {
  name: "김하늘",
  username: "haneul01",
  password: "sky-2026x",
  confirmPassword: "sky-2026x",
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
  ["password", "haneul01", problems.codes.same_as_username],
  ["confirmPassword", "sky-2026y", problems.codes.mismatch],
])("the %s %j: %s", (field, typed, expected) => {
  expect(problemsOf(CHECKS.join, { ...valid, [field]: typed })[field]).toBe(expected);
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
