/** The letters of an account without a picture. */

const segmenter = new Intl.Segmenter("ko", { granularity: "grapheme" });

/** The last two syllables of a person's name (`김하늘`: `하늘`), or the first two of a company's. */
export const initials = (name: string, kind: "person" | "company"): string => {
  const letters = [...segmenter.segment(name.replace(/\s+/g, ""))].map(({ segment }) => segment);
  return (kind === "person" ? letters.slice(-2) : letters.slice(0, 2)).join("");
};
