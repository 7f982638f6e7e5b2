/** Finds canned replies in the FAQ by the letters typed so far, also by initial consonants (초성). */

import type { CannedReply } from "../../ui/room-view/canned.js";
import type { EntryText } from "../desk-state.js";

// Unicode orders the syllables by initial, vowel and final.
const FIRST = 0xac00;
const LAST = 0xd7a3;
const INITIALS = [..."ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"];
const VOWELS = 21;
/** The consonants of each final, as they are typed. */
const FINALS =
  " ㄱ ㄲ ㄱㅅ ㄴ ㄴㅈ ㄴㅎ ㄷ ㄹ ㄹㄱ ㄹㅁ ㄹㅂ ㄹㅅ ㄹㅌ ㄹㅍ ㄹㅎ ㅁ ㅂ ㅂㅅ ㅅ ㅆ ㅇ ㅈ ㅊ ㅋ ㅌ ㅍ ㅎ".split(
    " ",
  );
/** Compound consonants, such as ㄳ, as a keyboard creates them from two consonants in a row. */
const CLUSTERS = [..."ㄳㄵㄶㄺㄻㄼㄽㄾㄿㅀㅄ"];
const SPELLED = FINALS.filter((final) => final.length === 2);
/**
 * The compound vowels that begin with a vowel, such as ㅘ with ㅗ. The key is the index of the vowel;
 * the values are the distances to its compound vowels.
 */
const LONGER_VOWELS: Record<number, number[]> = { 8: [1, 2, 3], 13: [1, 2, 3], 18: [1] };

const syllable = (code: number): string => String.fromCharCode(code);
const range = (code: number, count: number): string =>
  `${syllable(code)}-${syllable(code + count - 1)}`;

/** Returns a pattern for a consonant and for all syllables that begin with it. */
const initialPattern = (consonant: string): string | undefined => {
  const index = INITIALS.indexOf(consonant);
  if (index < 0) return undefined;
  const count = VOWELS * FINALS.length;
  return `[${consonant}${range(FIRST + index * count, count)}]`;
};

/** Returns a pattern for everything that an unfinished syllable can become as typing continues. */
const unfinishedPattern = (code: number): string => {
  const index = (code - FIRST) % FINALS.length;
  const bare = code - index;
  if (index === 0) {
    const vowel = ((code - FIRST) / FINALS.length) % VOWELS;
    const further = [0, ...(LONGER_VOWELS[vowel] ?? [])];
    return `[${further.map((steps) => range(code + steps * FINALS.length, FINALS.length)).join("")}]`;
  }
  const final = FINALS[index] ?? "";
  const longer = FINALS.flatMap((other, at) =>
    other.startsWith(final) ? [syllable(bare + at)] : [],
  );
  // A vowel that is typed next moves the final consonant to a new syllable: 옝 becomes 예야.
  const rest = syllable(bare + FINALS.indexOf(final.slice(0, -1)));
  return `(?:[${longer.join("")}]|${rest}${initialPattern(final.slice(-1))})`;
};

/** Returns a pattern for the typed text, whose last syllable may be unfinished. */
const pattern = (typed: string): RegExp => {
  const letters = [...typed].flatMap((letter) => [
    ...(SPELLED[CLUSTERS.indexOf(letter)] ?? letter),
  ]);
  const parts = letters.map((letter, index) => {
    const code = letter.charCodeAt(0);
    const isUnfinished = index === letters.length - 1 && code >= FIRST && code <= LAST;
    if (isUnfinished) return unfinishedPattern(code);
    return initialPattern(letter) ?? letter.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");
  });
  return new RegExp(parts.join(""), "iu");
};

const withoutSpaces = (text: string): string => text.normalize("NFC").replace(/\s+/g, "");

/**
 * Returns the entries whose question contains the typed text, sorted by the position of the match.
 * Spaces and case are ignored. An empty text matches every entry.
 */
export const findReplies = (entries: readonly EntryText[], typed: string): CannedReply[] => {
  const wanted = pattern(withoutSpaces(typed));
  return entries
    .map(({ question, answer }) => ({
      reply: { title: question, text: answer },
      place: withoutSpaces(question).search(wanted),
    }))
    .filter(({ place }) => place >= 0)
    .sort((a, b) => a.place - b.place)
    .map(({ reply }) => reply);
};
