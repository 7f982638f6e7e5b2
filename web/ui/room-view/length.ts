/** The length of a message, as the server counts it. */

import { lengthOf, trimmed } from "../limits.js";

/** The number of code points that the server would store. */
export const messageLength = (text: string): number => lengthOf(trimmed(text));

/** A visible character; the server rejects a text without one. */
const VISIBLE = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}\u2800]/u;

/** Returns whether a text is blank, so that it cannot be sent. */
export const isBlank = (text: string): boolean => !VISIBLE.test(text);
