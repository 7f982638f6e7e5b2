/** Korean particles, whose form depends on the last sound of the word before them. */

/** Whether the Korean word for each digit, 0 to 9, ends in a consonant. */
const DIGITS = [true, true, false, true, false, false, true, true, true, false];

/** Whether the last letter of a word ends in a consonant; undefined if its sound is unknown. */
const endsInConsonant = (word: string): boolean | undefined => {
  const last = word.trim().at(-1) ?? "";
  const syllable = last.charCodeAt(0) - 0xac00;
  if (syllable >= 0 && syllable <= 0xd7a3 - 0xac00) return syllable % 28 !== 0;
  return /[0-9]/.test(last) ? DIGITS[Number(last)] : undefined;
};

const pick =
  (afterConsonant: string, afterVowel: string) =>
  (word: string): string => {
    const consonant = endsInConsonant(word);
    if (consonant === undefined) return `${afterConsonant}(${afterVowel})`;
    return consonant ? afterConsonant : afterVowel;
  };

export const and = pick("과", "와");
export const subject = pick("이", "가");
export const object = pick("을", "를");
