/** `/terms` and `/privacy`: the texts in `docs/legal`, in the page's language. */

import { h } from "preact";
import { type Lazy, lazy } from "../lazy.js";
import { Page } from "../page.js";
import { text } from "../text/index.js";
import { language } from "../text/language.js";
import "./legal.css";

export type Legal = "terms" | "privacy";

const loaded = (load: () => Promise<typeof import("*.md")>): Lazy<object> =>
  lazy(async () => {
    const { default: render } = await load();
    return () => render(h);
  });

const TEXTS = {
  terms: {
    ko: loaded(() => import("../../../docs/legal/terms.ko.md")),
    en: loaded(() => import("../../../docs/legal/terms.en.md")),
  },
  privacy: {
    ko: loaded(() => import("../../../docs/legal/privacy.ko.md")),
    en: loaded(() => import("../../../docs/legal/privacy.en.md")),
  },
};

export const LegalPage = ({ name }: { name: Legal }) => {
  const Text = TEXTS[name][language];
  return (
    <Page title={text.legal[name]} back="/">
      <Text />
    </Page>
  );
};
