/** Links to the main pages: at the bottom of narrow screens, at the side of wide ones. */

import { Link, useLocation } from "wouter-preact";
import { ChatIcon, PersonIcon, SearchIcon } from "../ui/icons.js";
import { text as shared } from "../ui/text/index.js";
import { badgeText, unread } from "../ui/unread.js";
import { text } from "./text/index.js";
import "./tabs.css";

export const Tabs = () => {
  const [path] = useLocation();
  const words = text.tabs;
  const count = unread.value;
  const tabs = [
    { href: "/rooms", label: words.rooms, Icon: ChatIcon, isCurrent: path.startsWith("/rooms") },
    {
      href: "/",
      label: words.directory,
      Icon: SearchIcon,
      isCurrent: path === "/" || path.startsWith("/c/"),
    },
    { href: "/me", label: words.me, Icon: PersonIcon, isCurrent: path.startsWith("/me") },
  ];
  return (
    <nav class="tabs" aria-label={words.label}>
      {tabs.map(({ href, label, Icon, isCurrent }) => (
        <Link key={href} href={href} class="tab" aria-current={isCurrent ? "page" : undefined}>
          <span class="tab-icon">
            <Icon />
            {href === "/rooms" && count > 0 && (
              <span class="badge" aria-hidden="true">
                {badgeText(count)}
              </span>
            )}
          </span>
          {label}
          {href === "/rooms" && count > 0 && (
            <span class="visually-hidden">{shared.roomList.unread(count)}</span>
          )}
        </Link>
      ))}
    </nav>
  );
};
