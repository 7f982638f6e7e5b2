/** Scroll positions: a new page begins at its top, and the Back button restores the position. */

/** A page may grow for this long while it loads, until it reaches its position. */
const RESTORE_MS = 3_000;
const STORAGE_KEY = "chatchat.scroll";

/** By the key of the history entry. */
let positions: Record<string, number> = {};
let stopRestoring: (() => void) | undefined;

const keyOf = (state: unknown): string => (state as { key?: string } | null)?.key ?? "";

const remember = (): void => {
  if (!stopRestoring) positions[keyOf(history.state)] = scrollY;
};

const restore = (position: number): void => {
  stopRestoring?.();
  const attempt = (): void => {
    scrollTo(0, position);
    if (Math.abs(scrollY - position) < 2) stopRestoring?.();
  };
  const observer = new ResizeObserver(attempt);
  const timer = setTimeout(() => stopRestoring?.(), RESTORE_MS);
  const life = new AbortController();
  stopRestoring = () => {
    stopRestoring = undefined;
    observer.disconnect();
    clearTimeout(timer);
    life.abort();
  };
  for (const event of ["wheel", "touchstart", "keydown", "pointerdown"]) {
    addEventListener(event, () => stopRestoring?.(), { signal: life.signal, passive: true });
  }
  // The observer first reports after the page was rendered.
  observer.observe(document.body);
};

type Navigate = (to: string, options?: { replace?: boolean; state?: unknown }) => void;

/** Navigates for wouter's `aroundNav`: marks the entry, and begins another page at its top. */
export const navigateKeepingScroll = (
  navigate: Navigate,
  to: string,
  options: Parameters<Navigate>[1] = {},
): void => {
  remember();
  stopRestoring?.();
  const path = location.pathname;
  const state = options.replace ? history.state : { key: crypto.randomUUID() };
  navigate(to, { ...options, state });
  if (location.pathname !== path) scrollTo(0, 0);
};

/** Begins to keep positions. Call it once, before the first render. */
export const keepScroll = (): void => {
  history.scrollRestoration = "manual";
  try {
    positions = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? "{}");
  } catch {
    // Storage is denied, or its value is invalid.
  }
  const key = keyOf(history.state);
  if (!key) history.replaceState({ key: crypto.randomUUID() }, "");
  else if (positions[key]) restore(positions[key]);
  addEventListener("scroll", remember, { passive: true });
  addEventListener("popstate", ({ state }) => restore(positions[keyOf(state)] ?? 0));
  addEventListener("pagehide", () => {
    try {
      sessionStorage.setItem(STORAGE_KEY, JSON.stringify(positions));
    } catch {
      // Storage is denied. A reload then begins at the top.
    }
  });
};
