/** The first page: a login for each role. */

import { render } from "preact";
import { Login, observe } from "./login.js";
import "./style.css";
import { en, ko, preferred } from "./texts.js";

const language = preferred(navigator.languages);
const texts = language === "en" ? en : ko;
const logins = (["customer", "company"] as const).map((role) => observe(role, language));

document.documentElement.lang = language;
render(
  <>
    <header>
      <h1>ChatChat</h1>
      <p>{texts.lead}</p>
    </header>
    <main>
      <p>{texts.sideBySide}</p>
      {logins.map((login) => (
        <Login key={login.chat.role} login={login} texts={texts} />
      ))}
    </main>
    <footer>
      <p>
        {texts.noAccount} <a href="/api/docs">{texts.docs}</a>
      </p>
    </footer>
  </>,
  document.body,
);
