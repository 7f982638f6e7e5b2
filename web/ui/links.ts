/** Finds addresses and telephone numbers in a text. */

import { parsedUrl } from "./url.js";

/** A piece of a text; a link if it has an address. */
export interface TextPart {
  text: string;
  href?: string;
  isTelephone?: true;
}

/**
 * An address begins with a host in Latin letters, because Korean puts particles directly behind it
 * (`https://a.kr에서`), or with a host in other letters. Then it goes on to the next space.
 */
const ADDRESS = /https?:\/\/(?:[\w.-]+(?::\d+)?|[^\s/?#<>"'()@]+)(?:[/?#][^\s<>"]*)?/.source;
const TELEPHONE = /(?<![\d-])0\d{1,2}-\d{3,4}-\d{4}(?![\d-])/.source;

const LINKS = new RegExp(`${ADDRESS}|${TELEPHONE}`, "gi");

/** Punctuation at the end of an address belongs to the sentence around it. */
const TRAILING = /[.,:;!?)\]}'"…」』》〉’”]+$/;

/** Splits a text into its plain parts and its links. Telephone numbers are links if `telephone`. */
export const linked = (text: string, telephone: boolean): TextPart[] => {
  const parts: TextPart[] = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(LINKS)) {
    const isAddress = /^http/i.test(found);
    const link = isAddress ? found.replace(TRAILING, "") : found;
    if (isAddress && !parsedUrl(link)) continue;
    if (index > end) parts.push({ text: text.slice(end, index) });
    if (isAddress) parts.push({ text: link, href: link });
    else parts.push({ text: link, isTelephone: true, ...(telephone && { href: `tel:${link}` }) });
    end = index + link.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
};
