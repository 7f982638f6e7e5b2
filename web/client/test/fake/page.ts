/** A page of a browser: its events, its visibility and its network state. */

import { setMaxListeners } from "node:events";
import { beforeEach, vi } from "vitest";

export interface FakePage {
  document: EventTarget & { visibilityState: string };
  window: EventTarget;
  navigator: { onLine: boolean; locks: undefined };
  offline(): void;
  online(): void;
  visible(): void;
  hidden(): void;
}

/** Gives each test a new page. */
export const useFakePage = (): FakePage => {
  const page = {
    offline: () => {
      page.navigator.onLine = false;
      page.window.dispatchEvent(new Event("offline"));
    },
    online: () => {
      page.navigator.onLine = true;
      page.window.dispatchEvent(new Event("online"));
    },
    visible: () => {
      page.document.visibilityState = "visible";
      page.document.dispatchEvent(new Event("visibilitychange"));
    },
    hidden: () => {
      page.document.visibilityState = "hidden";
      page.document.dispatchEvent(new Event("visibilitychange"));
    },
  } as FakePage;
  beforeEach(() => {
    page.document = Object.assign(new EventTarget(), { visibilityState: "visible" });
    page.window = new EventTarget();
    setMaxListeners(0, page.document, page.window); // Several chats can listen.
    page.navigator = { onLine: true, locks: undefined };
    vi.stubGlobal("document", page.document);
    vi.stubGlobal("navigator", page.navigator);
    vi.stubGlobal("BroadcastChannel", undefined);
    for (const method of ["addEventListener", "removeEventListener"] as const) {
      vi.spyOn(page.document, method);
      vi.spyOn(page.window, method);
      vi.stubGlobal(method, (type: string, listener: () => void) =>
        page.window[method](type, listener),
      );
    }
  });
  return page;
};
