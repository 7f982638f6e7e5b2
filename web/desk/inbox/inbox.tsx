/** `/desk` and `/desk/rooms/{id}`: the list of rooms, one room, and its customer. */

import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { useLocation } from "wouter-preact";
import { PersonIcon } from "../../ui/icons.js";
import { Empty } from "../../ui/list-states.js";
import { isWide } from "../../ui/media.js";
import { Page } from "../../ui/page.js";
import type { HeadReceiver } from "../../ui/room-view/head.js";
import { useReceiver } from "../../ui/room-view/receiver.js";
import { RoomView } from "../../ui/room-view/room-view.js";
import { text as shared } from "../../ui/text/index.js";
import { useDesk } from "../desk-state.js";
import { currentRoom } from "../notices/notices.js";
import { hasSidePanel } from "../preferences.js";
import { text } from "../text/index.js";
import { BlockButton, BlockDialog, BlockNotice, isBlocked } from "./block.js";
import { findReplies } from "./canned.js";
import { CustomerPanel } from "./customer-panel.js";
import { ListPane } from "./list-pane.js";
import "./inbox.css";

const focus = (selector: string): void =>
  document.querySelector<HTMLElement>(selector)?.focus({ preventScroll: true });

/** The title of the browser's tab. */
const titleOf = (receiver: HeadReceiver | undefined): string => {
  if (!receiver) return text.inbox.title;
  const { receiverName: name } = receiver;
  return name === null ? shared.unknownPerson : text.inbox.room(name);
};

export const Inbox = ({ id }: { id: number | undefined }) => {
  const { live, faq, inbox } = useDesk();
  const [, navigate] = useLocation();
  const { receiver, hasFailed } = useReceiver(live, id);
  const rows = receiver ? undefined : inbox.store.value.rows.value;
  const listed = rows?.find((row) => row.id === id);
  const canned = useMemo(
    () => ({ match: (typed: string) => findReplies(faq.value.peek() ?? [], typed) }),
    [faq],
  );
  const last = useRef(id);
  useEffect(() => {
    currentRoom.value = id;
    const previous = last.current;
    last.current = id;
    // On narrow screens, the element with the focus may be hidden now.
    if (id !== previous && id !== undefined && !isWide.peek()) focus("#content");
    // In the list again, the row of the closed room gets the focus.
    if (id === undefined && previous !== undefined) focus(`.room-row[href$="/rooms/${previous}"]`);
    return () => {
      currentRoom.value = undefined;
    };
  }, [id]);

  /** The room for which the block dialog is open. */
  const asked = useSignal<number | undefined>(undefined);
  const ask = (): void => {
    asked.value = id;
  };
  const isPanelOpen = hasSidePanel.value;
  const panelLabel = isPanelOpen ? text.customer.hide : text.customer.show;
  return (
    <Page
      title={titleOf(receiver ?? listed)}
      head={false}
      class={`inbox ${id === undefined ? "" : "has-room"}`}
    >
      <ListPane current={id} />
      <div class="inbox-room">
        {id === undefined ? (
          inbox.hasRooms.value && (
            <Empty title={text.inbox.choose}>
              <p class="dim inbox-keys">{text.inbox.chooseHint}</p>
            </Empty>
          )
        ) : (
          <RoomView
            key={id}
            live={live}
            id={id}
            listed={listed}
            back={isWide.value ? undefined : "~/desk"}
            canned={canned}
            onGone={() => navigate("/", { replace: true })}
            chips={isBlocked(receiver) && <BlockNotice onAsk={ask} />}
            menu={
              !hasFailed && (
                <>
                  {receiver && !receiver.receiverDeleted && (
                    <BlockButton isBlocked={receiver.blocked} onAsk={ask} />
                  )}
                  <button
                    type="button"
                    class="icon-button customer-toggle"
                    aria-label={panelLabel}
                    title={panelLabel}
                    aria-expanded={isPanelOpen}
                    onClick={() => {
                      hasSidePanel.value = !isPanelOpen;
                    }}
                  >
                    <PersonIcon />
                  </button>
                </>
              )
            }
          />
        )}
      </div>
      {id !== undefined && isPanelOpen && !hasFailed && (
        <CustomerPanel key={id} room={id} receiver={receiver} />
      )}
      {receiver && id !== undefined && asked.value === id && (
        <BlockDialog
          room={id}
          receiver={receiver}
          onClose={() => {
            asked.value = undefined;
            // The button of the notice, to which the focus would return, is gone after an unblock.
            requestAnimationFrame(() => {
              if (document.activeElement === document.body) focus(".block-button");
            });
          }}
        />
      )}
    </Page>
  );
};
