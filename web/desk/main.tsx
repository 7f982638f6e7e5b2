/** The companies' desk. */

import { render } from "preact";
import { createLiveChat } from "../ui/chat.js";
import { keepScroll } from "../ui/scroll.js";
import { loadText as loadSharedText } from "../ui/text/index.js";
import { language } from "../ui/text/language.js";
import "../ui/theme.js";
import "../ui/base.css";
import { App } from "./app.js";
import { guardHistory } from "./leave-guard.js";
import { watchGestures } from "./notices/notices.js";
import { preloadPages } from "./pages.js";
import { loadText } from "./text/index.js";

document.documentElement.lang = language;
await Promise.all([loadSharedText(), loadText()]);
guardHistory();
watchGestures();
keepScroll();
const live = createLiveChat("company");
live.chat.connect();
preloadPages(location.pathname);
render(<App live={live} />, document.body);
