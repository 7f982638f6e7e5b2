/** What a list shows in place of its rows while it loads, when it is empty, and after an error. */

import type { ComponentChildren } from "preact";
import { text } from "./text/index.js";
import "./list-states.css";

/** Grey rows, shown only after a moment, so that fast answers do not flicker. */
export const Skeleton = ({
  rows = 6,
  kind = "row",
}: {
  rows?: number;
  kind?: "row" | "bubble";
}) => (
  <div class={`skeleton skeleton-${kind}`} role="status">
    <span class="visually-hidden">{text.loading}</span>
    {Array.from({ length: rows }, (_, index) => (
      <div key={index} class="skeleton-item" />
    ))}
  </div>
);

/** Says that the list is empty, and what to do. */
export const Empty = ({ title, children }: { title: string; children?: ComponentChildren }) => (
  <div class="empty">
    <p>{title}</p>
    {children}
  </div>
);

/** Says what failed, with a button that tries again. */
export const Failed = ({
  title = text.loadFailed,
  onRetry,
}: {
  title?: string;
  onRetry: () => void;
}) => (
  <div class="empty" role="alert">
    <p>{title}</p>
    <button type="button" class="button" onClick={onRetry}>
      {text.retry}
    </button>
  </div>
);
