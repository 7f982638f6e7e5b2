/** The navigation: a rail beside wide pages, tabs below narrow ones. */

import { Link, useLocation } from "wouter-preact";
import { unread } from "../ui/page.js";
import { Icon, type IconName } from "./icons.js";
import { text } from "./text/index.js";
import "./nav.css";

interface Item {
  href: string;
  icon: IconName & keyof typeof text.nav;
}

const ITEMS: readonly Item[] = [
  { href: "/", icon: "rooms" },
  { href: "/faq", icon: "faq" },
  { href: "/profile", icon: "profile" },
  { href: "/settings", icon: "settings" },
];

export const Nav = () => {
  const [path] = useLocation();
  const isCurrent = (href: string): boolean =>
    path === href || (href === "/" && path.startsWith("/rooms/"));
  const count = unread.value;
  return (
    <nav class="nav" aria-label={text.nav.label}>
      {ITEMS.map(({ href, icon }) => (
        <Link
          key={href}
          href={href}
          class="nav-item"
          aria-current={isCurrent(href) ? "page" : undefined}
        >
          <span class="nav-icon">
            <Icon name={icon} />
            {icon === "rooms" && count > 0 && (
              <span class="badge">
                <span aria-hidden="true">{count > 99 ? "99+" : count}</span>
              </span>
            )}
          </span>
          <span>{text.nav[icon] as string}</span>
          {icon === "rooms" && count > 0 && (
            <span class="visually-hidden">{text.nav.unread(count)}</span>
          )}
        </Link>
      ))}
    </nav>
  );
};
