/** The letters that an account without a picture has in its place. */

const segmenter = new Intl.Segmenter("ko", { granularity: "grapheme" });

const lettersOf = (word: string): string[] =>
  [...segmenter.segment(word)].map(({ segment }) => segment);

/**
 * The first letters of the first and the last word of a name in Latin letters (`Emily Carter`: `EC`).
 * Of any other name, the last two syllables of a person's (`김하늘`: `하늘`), or the first two of a
 * company's.
 */
export const initials = (name: string, kind: "person" | "company"): string => {
  const words = name.split(/\s+/).filter(Boolean);
  if (words.every((word) => /^\p{Script=Latin}/u.test(word))) {
    const chosen = words.length > 1 ? [words[0]!, words.at(-1)!] : words;
    return chosen
      .map((word) => lettersOf(word)[0])
      .join("")
      .toUpperCase();
  }
  const letters = lettersOf(words.join(""));
  return (kind === "person" ? letters.slice(-2) : letters.slice(0, 2)).join("");
};
