/** Parses URLs without `URL.canParse` and `URL.parse`, which older supported browsers lack. */

/** Returns the parsed URL; undefined if it is invalid. */
export const parsedUrl = (address: string, base?: string): URL | undefined => {
  try {
    return new URL(address, base);
  } catch {
    return undefined;
  }
};
