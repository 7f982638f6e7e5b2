/** The customers' app. */

import { render } from "preact";
import { loadText } from "../ui/text/index.js";
import { language } from "../ui/text/language.js";
import "../ui/theme.js";
import "../ui/base.css";

document.documentElement.lang = language;
await loadText();
render(<main />, document.body);
