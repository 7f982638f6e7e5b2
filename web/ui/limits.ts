/** The limits of texts and files. A test compares them with infra/openapi.yaml. */

/** The largest lengths, in code points. */
export const MAX = {
  name: 20,
  description: 200,
  question: 60,
  answer: 200,
  message: 2_000,
  keyword: 100,
} as const;

export const USERNAME = /^[A-Za-z0-9]{6,20}$/;

export const PASSWORD = { min: 8, max: 64 } as const;

/** The largest number of entries in a company's FAQ. */
export const MAX_FAQ = 6;

/** 4 MiB. */
export const MAX_PICTURE_BYTES = 4 * 1_024 * 1_024;
export const PICTURE_TYPES: readonly string[] = ["image/jpeg", "image/png", "image/webp"];

/** From this length, a password needs no letter and no digit. */
export const LONG_PASSWORD = 15;

/** No password contains it. */
export const PRODUCT_NAME = "chatchat";

/** Returns a text, except a password, as the server counts and stores it. */
export const trimmed = (typed: string): string =>
  typed.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "").normalize();

/** Returns a password as the server counts and compares it. */
export const prepared = (password: string): string => password.replace(/\p{Zs}/gu, " ").normalize();

/** The number of code points of the NFC, as the server counts. */
export const lengthOf = (typed: string): number => [...typed.normalize()].length;
