/** The length of a message, as the server counts it. */

export const LIMIT = 2_000;

/** The number of characters of what the server would store: trimmed, and in NFC. */
export const lengthOf = (text: string): number => [...text.trim().normalize()].length;

/** A character that can be seen; the server rejects a text without one. */
const VISIBLE = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}\u2800]/u;

/** Whether there is nothing to send. */
export const isBlank = (text: string): boolean => !VISIBLE.test(text);
