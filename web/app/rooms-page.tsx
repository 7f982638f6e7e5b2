/**
 * `/rooms` and `/rooms/{id}`: the list of rooms and one room, beside each other on wide screens.
 */

import { Link, useLocation } from "wouter-preact";
import { Empty } from "../ui/list-states.js";
import { isWide } from "../ui/media.js";
import { Heading, Title } from "../ui/page.js";
import { RoomList } from "../ui/room-list.js";
import { NetBar } from "../ui/room-view/net-bar.js";
import type { AppState } from "./app-state.js";
import { Room } from "./room.js";
import { text } from "./text/index.js";
import "./rooms.css";

export interface RoomsPageProps {
  state: AppState;
  /** The open room. */
  id: number | undefined;
}

export const RoomsPage = ({ state, id }: RoomsPageProps) => {
  const [, navigate] = useLocation();
  const isBeside = isWide.value;
  const hasRooms = !!state.rooms.value?.rows.value?.length;
  return (
    <main id="content" class={isBeside ? "panes" : "pane"} tabIndex={-1}>
      {(isBeside || id === undefined) && <List state={state} current={id} />}
      {id !== undefined && (
        <Room
          key={id}
          live={state.live}
          rooms={state.rooms.value}
          id={id}
          onGone={() => navigate("/rooms", { replace: true })}
        />
      )}
      {isBeside && id === undefined && hasRooms && <p class="panes-empty">{text.rooms.choose}</p>}
    </main>
  );
};

const List = ({ state, current }: { state: AppState; current: number | undefined }) => {
  const words = text.rooms;
  const rooms = state.rooms.value;
  return (
    <section class="rooms">
      {current === undefined && <Title>{words.title}</Title>}
      <header class="page-head">
        <Heading>{words.title}</Heading>
      </header>
      {rooms && (
        <RoomList
          live={state.live}
          store={rooms}
          current={current}
          href={(id) => `/rooms/${id}`}
          empty={
            <Empty title={words.empty}>
              <p class="dim">{words.emptyHint}</p>
              <Link href="/" class="button button-primary">
                {words.find}
              </Link>
            </Empty>
          }
        />
      )}
      {/* An open room shows the bar itself. */}
      {current === undefined && <NetBar connection={state.live.connection} place="roomList" />}
    </section>
  );
};
