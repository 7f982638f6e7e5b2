/** Texts in the browser's storage, by key. If it is denied, they last as long as the page. */

const memory = new Map<string, string>();

/** Reads a text; null if there is none. */
export const stored = (key: string): string | null => {
  try {
    return localStorage.getItem(`chatchat.${key}`);
  } catch {
    return memory.get(key) ?? null;
  }
};

/** Writes a text, or removes it. */
export const store = (key: string, text: string | null): void => {
  try {
    if (text === null) localStorage.removeItem(`chatchat.${key}`);
    else localStorage.setItem(`chatchat.${key}`, text);
  } catch {
    if (text === null) memory.delete(key);
    else memory.set(key, text);
  }
};
