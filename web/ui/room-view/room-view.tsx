/** One room: its head, messages and composer. It fills the height of its parent. */

import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { LiveChat } from "../chat.js";
import { errorText } from "../error-text.js";
import { Empty, Failed, Skeleton } from "../list-states.js";
import { text } from "../text/index.js";
import type { CannedSource } from "./canned.js";
import { Composer } from "./composer.js";
import { type HeadReceiver, RoomHead } from "./head.js";
import { MessageList } from "./message-list.js";
import { NetBar } from "./net-bar.js";
import { createRoomStore, type RoomStore } from "./room-store.js";
import "./room-view.css";

export interface RoomViewProps {
  live: LiveChat;
  /** The room. Give the component `key={id}`, so that another room starts with new state. */
  id: number;
  /** The other side, from the list of rooms. The head shows it until the room is loaded. */
  listed?: HeadReceiver | undefined;
  /** The path of the list in the app's router, for a link in the head of narrow screens. */
  back?: string | undefined;
  /** Shown at the end of the head. */
  menu?: ComponentChildren;
  /** Shown directly above the composer. */
  chips?: ComponentChildren;
  /** The canned replies that `/` offers in the composer. */
  canned?: CannedSource | undefined;
  /** Called when the user presses the button “Back” after the room was not found. */
  onGone?: (() => void) | undefined;
}

/** Shows the room while an account is known, even if the account's session has expired. */
export const RoomView = (props: RoomViewProps) => {
  const account = props.live.account.value;
  return account === undefined ? null : <OpenRoom key={account} {...props} account={account} />;
};

const OpenRoom = ({
  live,
  id,
  account,
  listed,
  back,
  menu,
  chips,
  canned,
  onGone,
}: RoomViewProps & { account: number }) => {
  const store = useMemo(() => createRoomStore(live, id, account), [live, id, account]);
  useEffect(() => () => store.close(), [store]);
  const section = useRef<HTMLElement>(null);
  useEffect(() => followKeyboard(section.current!), []);
  const receiver = store.receiver.value;
  const isGone = !receiver && store.error.value?.code === "room_not_found";
  const name = receiver?.receiverName ?? text.unknownPerson;
  const closed = receiver?.receiverDeleted
    ? text.room.withdrawn[store.role]
    : receiver?.blocked && store.role === "customer" && text.room.blocked;
  return (
    <section
      ref={section}
      class="room"
      aria-label={receiver && text.room.conversation[store.role](name)}
    >
      <RoomHead receiver={receiver ?? listed} role={store.role} back={back} menu={menu} />
      <div class="room-body">
        <NetBar connection={live.connection} place="room" />
        {isGone ? (
          <Empty title={text.room.notFound}>
            {onGone && (
              <button type="button" class="button" onClick={onGone}>
                {text.back}
              </button>
            )}
          </Empty>
        ) : (
          <Messages store={store} name={name} />
        )}
      </div>
      {!isGone &&
        (closed ? (
          <p class="room-closed">{closed}</p>
        ) : (
          <>
            <p class="room-typing dim" aria-live="off">
              {store.isTyping.value && text.room.typing}
            </p>
            {chips}
            <Composer store={store} canned={canned} />
          </>
        ))}
    </section>
  );
};

/**
 * The list of messages. Until the room is loaded, shows a skeleton or an error, unless there are
 * unsent messages.
 */
const Messages = ({ store, name }: { store: RoomStore; name: string }) => {
  const isLoaded = !!store.receiver.value;
  if (isLoaded || store.pending.value.length) return <MessageList store={store} name={name} />;
  return (
    <div class="room-loading">
      {store.error.value ? (
        <Failed title={errorText(store.error.value)} onRetry={() => store.room.refresh()} />
      ) : (
        <Skeleton kind="bubble" rows={6} />
      )}
    </div>
  );
};

/**
 * Keeps the composer above the on-screen keyboard where the keyboard covers the page instead of
 * making it smaller, as in Safari.
 */
const followKeyboard = (section: HTMLElement): (() => void) | undefined => {
  const visible = window.visualViewport;
  if (!visible) return undefined;
  const follow = (): void => {
    // Zooming makes the visible part smaller, too. So only an unzoomed page is measured.
    const covered = visible.scale === 1 ? innerHeight - visible.height - visible.offsetTop : 0;
    section.style.paddingBlockEnd = covered > 1 ? `${covered}px` : "";
  };
  visible.addEventListener("resize", follow);
  visible.addEventListener("scroll", follow);
  return () => {
    visible.removeEventListener("resize", follow);
    visible.removeEventListener("scroll", follow);
  };
};
