/** The navigation: a rail beside wide pages, tabs below narrow ones. */

import { Link, useLocation } from "wouter-preact";
import { ChatIcon } from "../ui/icons.js";
import { badgeText, unread } from "../ui/unread.js";
import { FaqIcon, SettingsIcon, ShopIcon } from "./icons.js";
import { text } from "./text/index.js";
import "./nav.css";

const ITEMS = [
  { href: "~/desk", name: "rooms", Icon: ChatIcon },
  { href: "/faq", name: "faq", Icon: FaqIcon },
  { href: "/profile", name: "profile", Icon: ShopIcon },
  { href: "/settings", name: "settings", Icon: SettingsIcon },
] as const;

export const Nav = () => {
  const [path] = useLocation();
  const isCurrent = (href: string): boolean =>
    href === "~/desk" ? path === "/" || path.startsWith("/rooms/") : path === href;
  const count = unread.value;
  return (
    <nav class="nav" aria-label={text.nav.label}>
      {ITEMS.map(({ href, name, Icon }) => (
        <Link
          key={href}
          href={href}
          class="nav-item"
          aria-current={isCurrent(href) ? "page" : undefined}
        >
          <span class="nav-icon">
            <Icon />
            {name === "rooms" && count > 0 && (
              <span class="badge">
                <span aria-hidden="true">{badgeText(count)}</span>
              </span>
            )}
          </span>
          <span>{text.nav[name]}</span>
          {name === "rooms" && count > 0 && (
            <span class="visually-hidden">{text.nav.unread(count)}</span>
          )}
        </Link>
      ))}
    </nav>
  );
};
