/** The limits of texts and files, as infra/openapi.yaml has them; a test compares the two. */

/** Code points. */
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

/** The entries of a company's FAQ. */
export const MAX_FAQ = 6;

/** 4 MiB. */
export const MAX_PICTURE_BYTES = 4 * 1_024 * 1_024;
export const PICTURE_TYPES: readonly string[] = ["image/jpeg", "image/png", "image/webp"];

/** A text as the server counts and stores it. Passwords are not changed. */
export const trimmed = (typed: string): string =>
  typed.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "").normalize();

/** The number of code points. */
export const lengthOf = (typed: string): number => [...typed].length;
