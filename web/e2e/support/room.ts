/** A room on a page of the customers' app or of the desk. Both show a room in the same way. */

import { expect, type Locator, type Page } from "@playwright/test";
import { ko } from "../../ui/text/ko.js";

export class RoomPage {
  readonly log: Locator;
  readonly rows: Locator;
  readonly composer: Locator;
  readonly send: Locator;
  /** The bar that tells of the network. */
  readonly bar: Locator;
  readonly pill: Locator;
  readonly sending: Locator;
  readonly failed: Locator;
  readonly typing: Locator;

  constructor(
    readonly page: Page,
    readonly text: typeof ko.room = ko.room,
  ) {
    this.log = page.getByRole("log");
    this.rows = this.log.getByRole("listitem");
    this.composer = page.getByPlaceholder(text.placeholder);
    this.send = page.getByRole("button", { name: text.send, exact: true });
    this.bar = page.locator(".net-bar");
    this.pill = page.locator(".log-new-button");
    this.sending = this.log.getByText(text.sending);
    this.failed = this.log.getByRole("button", { name: text.resend });
    this.typing = page.getByText(text.typing);
  }

  /** The messages with exactly this text. */
  bubbles(text: string): Locator {
    const literal = text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
    const hasText = new RegExp(`^(${this.text.auto}|${this.text.faq})?${literal}$`);
    return this.log.locator(".bubble").filter({ hasText });
  }

  /** Waits until the room is loaded. */
  async isOpen(): Promise<void> {
    await expect(this.composer).toBeEditable();
    await expect(this.log).toBeVisible();
  }

  /** Types a text at once and presses Enter, as on a computer. */
  async say(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press("Enter");
  }

  /** The element of the list that scrolls. */
  get scroller(): Locator {
    return this.log;
  }
}

/** The text of a message, and its place in the window. */
export interface Place {
  text: string;
  top: number;
}

/**
 * The place of the message with this text; by default, that of the first message that is at least
 * partly visible.
 */
export const placeOf = (room: RoomPage, text?: string): Promise<Place> =>
  room.scroller.evaluate((list, text) => {
    const top = list.getBoundingClientRect().top;
    const bubble = [...list.querySelectorAll(".bubble")].find((bubble) =>
      text === undefined
        ? bubble.getBoundingClientRect().bottom > top + 1
        : bubble.textContent === text,
    );
    return { text: bubble?.textContent ?? "", top: bubble?.getBoundingClientRect().top ?? -1 };
  }, text);

/**
 * The height of the part of the list below the visible part, in pixels. Loading older messages
 * changes the scroll position, but not this height.
 */
export const distanceToEnd = (room: RoomPage): Promise<number> =>
  room.scroller.evaluate((list) => list.scrollHeight - list.scrollTop - list.clientHeight);

/** Scrolls the list up by a number of its heights, as a wheel does. */
export const scrollUp = async (room: RoomPage, screens: number): Promise<void> => {
  await rests(room);
  const before = await distanceToEnd(room);
  await room.scroller.hover();
  const height = await room.scroller.evaluate((list) => list.clientHeight);
  await room.page.mouse.wheel(0, -screens * height);
  await expect.poll(() => distanceToEnd(room)).toBeGreaterThan(before + height / 2);
  await rests(room);
};

/** Waits until the list has not scrolled for three frames. */
export const rests = (room: RoomPage): Promise<void> =>
  room.scroller.evaluate(
    (list) =>
      new Promise<void>((resolve) => {
        let [top, still] = [list.scrollTop, 0];
        const next = (): void => {
          still = list.scrollTop === top ? still + 1 : 0;
          top = list.scrollTop;
          if (still >= 3) resolve();
          else requestAnimationFrame(next);
        };
        requestAnimationFrame(next);
      }),
  );
