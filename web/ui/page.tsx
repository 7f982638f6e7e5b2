/** What every page has: its title in the tab, a main part, and a heading that gets the focus after navigation. */

import { signal, useSignalEffect } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { text } from "./text/index.js";

/** The number of unread rooms or messages, shown in the title of the tab. */
export const unread = signal(0);

/** Whether a page was shown before, so that its successor moves the focus. */
let navigated = false;

export interface PageProps {
  /** The name of the screen, for the tab and the heading. */
  title: string;
  /** Beside the heading; `false` hides the heading from sight, but not from screen readers. */
  head?: ComponentChildren | false;
  /** A class of the main part. */
  class?: string;
  children: ComponentChildren;
}

export const Page = ({ title, head, class: className, children }: PageProps) => {
  const heading = useRef<HTMLHeadingElement>(null);
  useSignalEffect(() => {
    document.title = `${unread.value ? `(${unread.value > 99 ? "99+" : unread.value}) ` : ""}${title} · ChatChat`;
  });
  useEffect(() => {
    if (navigated) heading.current?.focus({ preventScroll: true });
    navigated = true;
  }, []);
  return (
    <main id="content" class={`page ${className ?? ""}`}>
      <header class={head === false ? "visually-hidden" : "page-head"}>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {head}
      </header>
      {children}
    </main>
  );
};

/** The first thing that the Tab key reaches. */
export const SkipLink = () => (
  <a class="skip-link" href="#content">
    {text.skipToContent}
  </a>
);
