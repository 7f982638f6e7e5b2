/** Handles the composer's text area: keys, input methods, the draft, canned replies. */

import type { Signal } from "@preact/signals";
import { MAX } from "../limits.js";
import { isTouch } from "../media.js";
import type { CannedSource, CannedState } from "./canned.js";
import { isBlank, messageLength } from "./length.js";
import type { RoomStore } from "./room-store.js";

/** The draft is stored this long after the last change. */
const DRAFT_MS = 300;

export interface ComposerBoxOptions {
  store: RoomStore;
  state: CannedState;
  canned: () => CannedSource | undefined;
  /** The text in the box. */
  content: Signal<string>;
}

/** Whether the browser does not fit the height of the box to its text. */
const lacksFieldSizing = (box: HTMLTextAreaElement): boolean =>
  getComputedStyle(box).getPropertyValue("field-sizing") !== "content";

export class ComposerBox {
  readonly #box: HTMLTextAreaElement;
  readonly #options: ComposerBoxOptions;
  readonly #life = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isComposing = false;
  #isShift = false;
  #lacksFieldSizing = false;

  constructor(box: HTMLTextAreaElement, options: ComposerBoxOptions) {
    this.#box = box;
    this.#options = options;
    const { signal } = this.#life;
    const listen = <E extends keyof HTMLElementEventMap>(
      event: E,
      act: (event: HTMLElementEventMap[E]) => void,
    ): void => box.addEventListener(event, act, { signal });
    listen("beforeinput", (event) => this.#beforeInput(event));
    listen("input", () => this.#typed());
    listen("keydown", (event) => this.#keyDown(event));
    listen("keyup", (event) => {
      this.#isShift = event.shiftKey;
    });
    listen("compositionstart", () => {
      this.#isComposing = true;
    });
    listen("compositionend", () => {
      this.#isComposing = false;
    });
    listen("focus", () => {
      this.#lacksFieldSizing = lacksFieldSizing(box);
    });
    listen("blur", () => {
      this.#isShift = false;
      this.#saveDraft();
    });
    document.addEventListener("selectionchange", () => this.#look(), { signal });
    addEventListener("pagehide", () => this.#saveDraft(), { signal });
    // The caret is at the end of a restored draft.
    box.setSelectionRange(box.value.length, box.value.length);
    this.#lacksFieldSizing = lacksFieldSizing(box);
    this.#grow();
  }

  /** Stops, and stores the draft. */
  close(): void {
    this.#saveDraft();
    this.#life.abort();
  }

  /** Sends the text, unless it is blank or too long. */
  send(): void {
    const box = this.#box;
    if (this.#isComposing) {
      // Ends the composition. Otherwise its last syllable would appear in the empty box.
      box.blur();
      box.focus();
    }
    const text = box.value;
    if (isBlank(text) || messageLength(text) > MAX.message) return;
    box.value = "";
    this.#changed();
    this.#saveDraft();
    this.#options.state.close();
    this.#options.store.send(text);
  }

  /** Replaces the `/` and the letters after it with a canned reply. */
  insert(reply: string): void {
    const { state } = this.#options;
    this.#box.setRangeText(reply, state.start, this.#box.selectionEnd, "end");
    this.#box.focus();
    state.close();
    this.#changed();
    this.#options.store.room.typing();
  }

  /**
   * Enter is handled here and not in `keydown`: during a composition, that event does not tell
   * whether Enter also inserts a line break, and on macOS no second `keydown` follows. The browser
   * requests a line break only if Enter inserts one.
   */
  #beforeInput(event: InputEvent): void {
    if (!/^insert(LineBreak|Paragraph)$/.test(event.inputType) || this.#isShift) return;
    const choice = this.#options.state.chosen();
    // On a phone, Enter is a line break and the button sends.
    if (!choice && isTouch.peek()) return;
    event.preventDefault();
    if (choice) this.insert(choice.text);
    else this.send();
  }

  #typed(): void {
    this.#changed();
    this.#look();
    if (!isBlank(this.#box.value)) this.#options.store.room.typing();
  }

  #keyDown(event: KeyboardEvent): void {
    this.#isShift = event.shiftKey;
    const { state } = this.#options;
    if (event.isComposing || !state.isOpen()) return;
    if (event.key === "ArrowDown") state.move(1);
    else if (event.key === "ArrowUp") state.move(-1);
    else if (event.key === "Escape") state.dismiss();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #look(): void {
    const box = this.#box;
    if (document.activeElement !== box) return;
    const isCaret = box.selectionStart === box.selectionEnd;
    this.#options.state.look(
      this.#options.canned(),
      box.value,
      isCaret ? box.selectionEnd : undefined,
    );
  }

  #changed(): void {
    this.#options.content.value = this.#box.value;
    this.#grow();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#saveDraft(), DRAFT_MS);
  }

  #grow(): void {
    if (!this.#lacksFieldSizing) return;
    const box = this.#box;
    box.style.blockSize = "auto";
    box.style.blockSize = `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`;
  }

  #saveDraft(): void {
    clearTimeout(this.#timer);
    const { room } = this.#options.store;
    if (room.draft !== this.#box.value) room.draft = this.#box.value;
  }
}
