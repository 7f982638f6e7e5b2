/** The customers' app. */

import { render } from "preact";
import { createLiveChat } from "../ui/chat.js";
import { keepScroll } from "../ui/scroll.js";
import { loadText } from "../ui/text/index.js";
import { language } from "../ui/text/language.js";
import "../ui/theme.js";
import "../ui/base.css";
import { App } from "./app.js";
import { createAppState } from "./app-state.js";
import { preloadPages } from "./pages.js";
import { loadText as loadAppText } from "./text/index.js";

document.documentElement.lang = language;
preloadPages(location.pathname);
await Promise.all([loadText(), loadAppText()]);
keepScroll();
const live = createLiveChat("customer");
live.chat.connect();
render(<App state={createAppState(live)} />, document.body);
