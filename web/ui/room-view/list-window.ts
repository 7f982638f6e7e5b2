/**
 * Keeps what the user reads in its place while rows come, go and change their height, and decides
 * which chunks of the list are in the document. The browser's own scroll anchoring is off, because
 * Safari has none.
 */

import { type Anchor, type Chunk, chunksOf, Heights, type Shown } from "./chunks.js";
import type { RoomStore } from "./room-store.js";

/** Up to this distance from its end, the list counts as at its end. */
const END_PX = 8;
/** Rows up to this distance outside the view are in the document. */
const MARGIN_PX = 600;

const topOf = (element: Element): number => element.getBoundingClientRect().top;

/**
 * The top of a row's bubble. What a row has above its bubble, such as a date, can go when older
 * messages come.
 */
const bubbleTopOf = (row: Element): number => topOf(row.querySelector(".bubble") ?? row);

export class ListWindow {
  readonly #store: RoomStore;
  readonly #render: () => void;
  readonly #heights = new Heights();
  #view: HTMLElement | undefined;
  #width = 0;
  #height = 800;
  #scrollHeight = 0;
  /** The first row in the view, and its bubble's place, as they were when the user last scrolled. */
  #anchor: Anchor = { seq: 1, top: 0 };
  /** The scroll position for which the anchor is valid. */
  #top = 0;
  /**
   * The position that was set here last: a scroll event there is not the user's. −1 after a scroll
   * by the user.
   */
  #settled = -1;
  #chunks: Chunk[] = [];
  #shown: Shown = { chunks: [], above: 0, below: 0 };

  /** @param render - renders the list again with what {@link choose} returns */
  constructor(store: RoomStore, render: () => void) {
    this.#store = store;
    this.#render = render;
  }

  /** Watches the element that scrolls, and its only child. Returns a function that stops. */
  attach(view: HTMLElement): () => void {
    this.#view = view;
    // Runs before the browser paints, so a change of size is never seen.
    const sizes = new ResizeObserver(() => this.settle());
    sizes.observe(view);
    if (view.firstElementChild) sizes.observe(view.firstElementChild);
    const markRead = (): void => this.#markRead();
    addEventListener("focus", markRead);
    document.addEventListener("visibilitychange", markRead);
    return () => {
      sizes.disconnect();
      removeEventListener("focus", markRead);
      document.removeEventListener("visibilitychange", markRead);
    };
  }

  /** Returns the chunks to render, of the rows `first` to `end - 1`. */
  choose(first: number, end: number): Shown {
    this.#chunks = chunksOf(first, end);
    this.#shown = this.#wanted();
    return this.#shown;
  }

  /** Measures the rendered chunks, and scrolls the list back to its anchor or to its end. */
  settle(): void {
    const view = this.#view;
    if (!view?.clientHeight) return;
    if (view.clientWidth !== this.#width) this.#heights.forget();
    this.#width = view.clientWidth;
    this.#height = view.clientHeight;
    for (const [n, list] of this.#lists().entries()) {
      this.#heights.measure(this.#shown.chunks[n]!, list.getBoundingClientRect().height);
    }
    const unseen = this.#unseen(view);
    if (this.#store.isAtEnd.peek() && unseen > -END_PX) {
      view.scrollTop = view.scrollHeight;
    } else if (this.#store.isAtEnd.peek()) {
      this.#store.isAtEnd.value = false;
      this.#anchor = this.#find(view);
    } else {
      this.#anchor.top -= unseen;
      const row = this.#row(this.#anchor.seq);
      const moved = row ? bubbleTopOf(row) - topOf(view) - this.#anchor.top : 0;
      if (Math.abs(moved) >= 0.5) view.scrollTop += moved;
    }
    this.#top = view.scrollTop;
    this.#settled = unseen ? -1 : view.scrollTop;
    this.#scrollHeight = view.scrollHeight;
    this.#renderIfChanged();
    // Within one screen, because the first page does not fill two. Scrolling loads within two.
    this.#loadOlder(this.#height);
    this.#markRead();
  }

  /** Handles a scroll event, unless the position was set here. */
  scrolled(): void {
    const view = this.#view;
    if (!view || view.scrollTop === this.#settled) return;
    const isResized =
      view.clientWidth !== this.#width ||
      view.clientHeight !== this.#height ||
      view.scrollHeight !== this.#scrollHeight;
    if (isResized) {
      this.settle();
      // The browser has moved the list, because it became shorter.
      if (view.scrollTop === this.#settled) return;
    }
    this.#settled = -1;
    this.#top = view.scrollTop;
    this.#anchor = this.#find(view);
    const below = view.scrollHeight - view.scrollTop - view.clientHeight;
    this.#store.isAtEnd.value = below < END_PX;
    this.#renderIfChanged();
    this.#loadOlder(2 * this.#height);
    this.#markRead();
  }

  /** How far the user has scrolled since the last event, in pixels. */
  #unseen(view: HTMLElement): number {
    const end = view.scrollHeight - view.clientHeight;
    // A list that became shorter is moved by the browser.
    return this.#top > end + 1 ? 0 : view.scrollTop - this.#top;
  }

  #wanted(): Shown {
    const heights = this.#heights;
    const top = this.#store.isAtEnd.peek()
      ? heights.total(this.#chunks) - this.#height
      : heights.topOf(this.#chunks, this.#anchor.seq) - this.#anchor.top;
    const margin = Math.min(this.#height, MARGIN_PX);
    return heights.between(this.#chunks, top - margin, top + this.#height + margin);
  }

  #renderIfChanged(): void {
    const { chunks, above, below } = this.#wanted();
    const shown = this.#shown;
    if (
      chunks[0]?.index !== shown.chunks[0]?.index ||
      chunks.length !== shown.chunks.length ||
      Math.abs(above - shown.above) >= 1 ||
      Math.abs(below - shown.below) >= 1
    ) {
      this.#keepFocus(chunks);
      this.#render();
    }
  }

  /** Moves the focus to the list if its row leaves the document, so that keys still scroll. */
  #keepFocus(chunks: readonly Chunk[]): void {
    const list = document.activeElement?.closest<HTMLElement>(".log-chunk");
    const chunk = list && this.#shown.chunks[this.#lists().indexOf(list)];
    if (!chunk || chunks.some(({ index }) => index === chunk.index)) return;
    this.#view?.focus({ preventScroll: true });
  }

  #loadOlder(distance: number): void {
    const { room, older } = this.#store;
    if (!room.hasOlder || older.peek() !== "idle") return;
    if ((this.#view?.scrollTop ?? 0) < distance) void this.#store.loadOlder();
  }

  #markRead(): void {
    const isSeen = document.visibilityState === "visible" && document.hasFocus();
    if (isSeen && this.#view?.clientHeight && this.#store.isAtEnd.peek()) {
      this.#store.room.markRead();
    }
  }

  #lists(): HTMLElement[] {
    return [...(this.#view?.querySelectorAll<HTMLElement>(".log-chunk") ?? [])];
  }

  #row(seq: number): Element | undefined {
    const n = this.#shown.chunks.findIndex(({ first, end }) => seq >= first && seq < end);
    const chunk = this.#shown.chunks[n];
    return chunk && this.#lists()[n]?.children[seq - chunk.first];
  }

  /** The first row in the view; if a spacer is there, the row that belongs there. */
  #find(view: HTMLElement): Anchor {
    const top = topOf(view);
    const lists = this.#lists();
    const n = lists.findIndex((list) => list.getBoundingClientRect().bottom > top);
    const chunk = this.#shown.chunks[n];
    const rows = lists[n]?.children;
    const isInSpacer = n === 0 && this.#shown.above > 0 && rows?.[0] && topOf(rows[0]) > top;
    if (!chunk || !rows?.length || isInSpacer) {
      const spacer = view.querySelector(".log-spacer");
      const y = spacer ? top - topOf(spacer) : 0;
      return { seq: this.#heights.seqAt(this.#chunks, y), top: 0 };
    }
    let [low, high] = [0, rows.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle]!.getBoundingClientRect().bottom > top) high = middle;
      else low = middle + 1;
    }
    return { seq: chunk.first + low, top: bubbleTopOf(rows[low]!) - top };
  }
}
