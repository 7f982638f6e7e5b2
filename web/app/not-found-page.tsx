/** The page of every path without a route. */

import { Link } from "wouter-preact";
import { Empty } from "../ui/list-states.js";
import { Page } from "../ui/page.js";
import { text } from "./text/index.js";

export const NotFoundPage = () => (
  <Page title={text.notFound.title} class="notice">
    <Empty title={text.notFound.hint}>
      <Link href="/" class="button button-primary">
        {text.notFound.home}
      </Link>
    </Empty>
  </Page>
);
