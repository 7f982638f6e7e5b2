/**
 * The parts of every page: its title in the tab, its main element, and a heading that gets the
 * focus.
 */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Link } from "wouter-preact";
import { BackIcon } from "./icons.js";
import { text } from "./text/index.js";
import { badgeText, unread } from "./unread.js";

/** Whether a heading was shown before. The first one does not take the focus. */
let hasNavigated = false;

/** Names the tab after a screen, with the number of unread messages before it. */
export const useTitle = (title: string): void => {
  const count = unread.value;
  useEffect(() => {
    const prefix = count ? `(${badgeText(count)}) ` : "";
    document.title = `${prefix}${title} · ChatChat`;
  }, [title, count]);
};

/** `useTitle` as a component, for a title that is not always set. */
export const Title = ({ children }: { children: string }) => {
  useTitle(children);
  return null;
};

export interface PageProps {
  /** The name of the screen, for the tab and the heading. */
  title: string;
  /** Beside the heading; `false` hides the heading from sight, but not from screen readers. */
  head?: ComponentChildren | false;
  /** The address of the page above this one, for a link before the heading. */
  back?: string;
  /** A class of the main part. */
  class?: string;
  children: ComponentChildren;
}

/** The heading of a page. It gets the focus when it appears, but not on the first page. */
export const Heading = ({ children }: { children: ComponentChildren }) => {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (hasNavigated) heading.current?.focus({ preventScroll: true });
    hasNavigated = true;
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
};

export const Page = ({ title, head, back, class: className, children }: PageProps) => {
  useTitle(title);
  return (
    <main id="content" class={`page ${className ?? ""}`} tabIndex={-1}>
      <header class={head === false ? "visually-hidden" : "page-head"}>
        {back && (
          <Link href={back} class="icon-button page-back" aria-label={text.back}>
            <BackIcon />
          </Link>
        )}
        <Heading>{title}</Heading>
        {head}
      </header>
      {children}
    </main>
  );
};

/**
 * The first element that the Tab key reaches. It is a button because a link adds a history entry.
 */
export const SkipLink = () => (
  <button
    type="button"
    class="skip-link"
    onClick={() => document.getElementById("content")?.focus()}
  >
    {text.skipToContent}
  </button>
);
