/**
 * The element after the last row of a list with pages. Loads the next page when the user scrolls
 * near it or presses its button.
 */

import { useEffect, useRef } from "preact/hooks";
import { text } from "./text/index.js";

/** Up to this number of rows, the end of the list is not marked. */
const UNMARKED_ROWS = 10;

export interface MoreProps {
  hasMore: boolean;
  /** Why the list could not be loaded up to its end. */
  error: string | undefined;
  onMore: () => void;
  /** The number of rows. After each change, the position of the end is checked again. */
  length: number;
}

export const More = ({ hasMore, error, onMore, length }: MoreProps) => {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!hasMore || error || !end.current) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) onMore();
      },
      { rootMargin: "400px" },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [hasMore, error, onMore, length]);
  if (!hasMore && !error) {
    return length > UNMARKED_ROWS ? <p class="more dim">{text.endOfList}</p> : null;
  }
  return (
    <div ref={end} class="more">
      {error && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
      <button type="button" class={error ? "button" : "button more-button"} onClick={onMore}>
        {error ? text.retry : text.more}
      </button>
    </div>
  );
};
