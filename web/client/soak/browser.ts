/** What the clients of one account share, as the tabs of a browser do: cookies, storage and locks. */

import type { Keep, Tabs } from "@chatchat/client";
import { FakeBrowser } from "../test/fake/tabs.js";
import { withCookies } from "../test/local/people.js";

export class Browser {
  readonly fetch = withCookies();
  /** Whether one of the tabs is logging in. The others get the new session from it. */
  isLoggingIn = false;
  readonly #tabs = new FakeBrowser();
  readonly #storage = new Map<string, string>();

  /** What a page passes to `createChat` for `localStorage`. */
  readonly keep: Keep = {
    load: (key) => this.#storage.get(key),
    save: (key, text) => {
      if (text === null) this.#storage.delete(key);
      else this.#storage.set(key, text);
    },
  };

  /** Opens a tab, or the same tab after a reload. */
  tab(): Tabs {
    return this.#tabs.tab();
  }
}
