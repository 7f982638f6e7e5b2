/** Checks the fields of an account before a call, and returns texts for the server's errors. */

import type { FieldError } from "@chatchat/client";
import {
  LONG_PASSWORD,
  lengthOf,
  MAX,
  PASSWORD,
  PRODUCT_NAME,
  prepared,
  trimmed,
  USERNAME,
} from "../limits.js";
import { text } from "../text/index.js";

/** What is wrong with each field, by its name. */
export type Problems = Readonly<Record<string, string>>;

/** What the user typed, by the name of the field. */
export type Values = Readonly<Record<string, string>>;

/** A rule for new passwords that the form shows. */
export type PasswordRule = "strength" | "username";

const contains = (password: string, word: string): boolean =>
  password.toLowerCase().includes(word.toLowerCase());

/** Whether a password has a letter and a digit, or is long. */
const isStrong = (password: string): boolean =>
  (/[A-Za-z]/.test(password) && /[0-9]/.test(password)) || lengthOf(password) >= LONG_PASSWORD;

const hasLength = (password: string): boolean =>
  lengthOf(password) >= PASSWORD.min && lengthOf(password) <= PASSWORD.max;

/** Returns whether a new password follows each rule. `username` is empty if it is not known. */
export const passwordRules = (
  password: string,
  username: string,
): Readonly<Record<PasswordRule, boolean>> => ({
  strength: hasLength(password) && isStrong(password),
  username: !!password && !(trimmed(username) && contains(password, trimmed(username))),
});

/** Returns the text for a field that the server rejected. */
export const fieldProblem = ({ field, code, message }: FieldError): string => {
  const { problems } = text.account;
  if (field === "username" && code !== "required") return problems.username;
  if (/password/i.test(field) && /^too_/.test(code)) return problems.passwordLength;
  if (field === "name" && code === "too_long") return problems.nameLength(MAX.name);
  return Object.hasOwn(problems.codes, code)
    ? problems.codes[code as keyof typeof problems.codes]
    : message;
};

/** Checks one field. Returns what is wrong with it, or undefined. */
type Check = (typed: string, values: Values) => string | undefined;

const required: Check = (typed) => (typed ? undefined : text.account.problems.codes.required);

const agreed: Check = (typed) => (typed ? undefined : text.account.problems.consent);

const checkName: Check = (typed) => {
  const name = trimmed(typed);
  if (!name) return text.account.problems.codes.required;
  return lengthOf(name) > MAX.name ? text.account.problems.nameLength(MAX.name) : undefined;
};

const checkUsername: Check = (typed) => {
  const username = trimmed(typed);
  if (!username) return text.account.problems.codes.required;
  return USERNAME.test(username) ? undefined : text.account.problems.username;
};

const checkNewPassword =
  (usernameField?: string): Check =>
  (password, values) => {
    const { problems } = text.account;
    const rules = passwordRules(password, (usernameField && values[usernameField]) || "");
    if (!password) return problems.codes.required;
    if (!hasLength(password)) return problems.passwordLength;
    if (!rules.strength) return problems.codes.letter_and_digit_required;
    if (!rules.username) return problems.codes.contains_username;
    return contains(password, PRODUCT_NAME) ? problems.codes.contains_product_name : undefined;
  };

const same =
  (field: string): Check =>
  (typed, values) => {
    if (!typed) return text.account.problems.codes.required;
    return prepared(typed) === prepared(values[field] ?? "")
      ? undefined
      : text.account.problems.codes.mismatch;
  };

/** The checks of each form, by field, in the order of the fields. */
export const CHECKS = {
  logIn: { username: required, password: required },
  join: {
    name: checkName,
    username: checkUsername,
    password: checkNewPassword("username"),
    confirmPassword: same("password"),
    terms: agreed,
    privacy: agreed,
  },
  password: {
    password: required,
    newPassword: checkNewPassword(),
    confirmNewPassword: same("newPassword"),
  },
  withdrawal: { password: required },
  name: { name: checkName },
} as const satisfies Record<string, Record<string, Check>>;

/** Returns the problems of all fields. */
export const problemsOf = (checks: Readonly<Record<string, Check>>, values: Values): Problems =>
  Object.fromEntries(
    Object.entries(checks).flatMap(([field, check]) => {
      const problem = check(values[field] ?? "", values);
      return problem ? [[field, problem]] : [];
    }),
  );
