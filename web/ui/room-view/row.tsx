/** One message in the list. */

import type { Receiver, Role, Room } from "@chatchat/client";
import { Component } from "preact";
import { Avatar } from "../avatar.js";
import { dayLabel, timeLabel } from "../dates.js";
import { errorText } from "../error-text.js";
import { linked } from "../links.js";
import { isTouch } from "../media.js";
import { text } from "../text/index.js";
import type { Row } from "./rows.js";
import "./row.css";

interface MessageRowProps {
  row: Row;
  receiver: Receiver | undefined;
  /** The role of the account. */
  role: Role;
  room: Room;
}

/** Codes of errors after which sending again cannot succeed. */
const FINAL = /^(receiver_withdrawn|message_id_reused)$/;

/**
 * Renders again only when its row or the receiver has changed, because each new message renders the
 * whole list.
 */
export class MessageRow extends Component<MessageRowProps> {
  override shouldComponentUpdate({ row, receiver }: MessageRowProps): boolean {
    return row !== this.props.row || receiver !== this.props.receiver;
  }

  override render({ row, receiver, role, room }: MessageRowProps) {
    const { kind, isOwn, startsGroup, pending } = row;
    const at = new Date(row.at);
    const name = receiver?.receiverName ?? text.unknownPerson;
    const isBlocked = role === "customer" && receiver?.blocked;
    const isFromCompany = isOwn === (role === "company");
    const showsTime = row.endsGroup && !pending;
    return (
      <li
        class={`row row-${kind} ${isOwn ? "row-own" : "row-theirs"}${startsGroup ? " row-first" : ""}`}
      >
        {row.startsDay && <p class="row-day">{dayLabel(at)}</p>}
        {row.startsUnread && <p class="row-unread">{text.room.readUpToHere}</p>}
        {!isOwn && row.changesSender && kind !== "guide" && receiver && (
          <Avatar
            id={receiver.receiverId}
            name={receiver.receiverName ?? "?"}
            url={receiver.receiverImageUrl}
            size={36}
            kind={role === "customer" ? "company" : "person"}
          />
        )}
        <span class="visually-hidden">
          {isOwn ? text.room.me : name}
          {!showsTime && `, ${timeLabel(at)}`}
        </span>
        <div class="bubble">
          {kind !== "text" && (
            <span class="bubble-label">{isFromCompany ? text.room.auto : text.room.faq}</span>
          )}
          <Content content={row.content} />
        </div>
        {pending?.state === "sending" && <Clock />}
        {row.isLastRead ? (
          <span class="row-meta">
            <span class="row-read">{text.room.read}</span>
            {showsTime && <time dateTime={at.toISOString()}>{timeLabel(at)}</time>}
          </span>
        ) : (
          showsTime && (
            <time class="row-meta" dateTime={at.toISOString()}>
              {timeLabel(at)}
            </time>
          )
        )}
        {pending?.state === "failed" && (
          <div class="row-failed">
            <p class="error">
              {text.room.sendFailed(pending.error ? errorText(pending.error) : text.tryLater)}
            </p>
            {!FINAL.test(pending.error?.code ?? "") && !isBlocked && (
              <button
                type="button"
                class="link-button"
                onClick={() => room.retry(pending.clientMessageId)}
              >
                {text.room.resend}
              </button>
            )}
            <button
              type="button"
              class="link-button"
              onClick={() => room.discard(pending.clientMessageId)}
            >
              {text.room.discard}
            </button>
          </div>
        )}
      </li>
    );
  }
}

/** A text with its links. It consists of text nodes, so nothing in it is read as HTML. */
const Content = ({ content }: { content: string }) => (
  <>
    {linked(content, isTouch.peek()).map(({ text: part, href, isTelephone }) =>
      isTelephone ? (
        <span class="bubble-telephone">{href ? <a href={href}>{part}</a> : part}</span>
      ) : href === undefined ? (
        part
      ) : (
        <a href={href} target="_blank" rel="noopener noreferrer nofollow ugc">
          {part}
        </a>
      ),
    )}
  </>
);

const Clock = () => (
  <span class="row-meta row-sending">
    <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      <circle cx="8" cy="8" r="6.5" />
      <path d="M8 4.5V8l2.5 1.5" />
    </svg>
    <span class="visually-hidden">{text.room.sending}</span>
  </span>
);
