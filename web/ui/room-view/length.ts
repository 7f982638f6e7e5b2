/** The length of a message, as the server counts it. */

export const LIMIT = 2_000;

/** The number of characters of what the server would store: trimmed, and in NFC. */
export const lengthOf = (text: string): number => [...text.trim().normalize()].length;

/** Whether there is nothing to send. */
export const isBlank = (text: string): boolean => !text.trim();
