/** The room with 10,000 messages, which `tests/browser.rs` writes into the database. */

import type { Person } from "./people.js";

/** How many messages the room has. */
export const LONG = 10_000;

const text = process.env.LONG_ROOM;

/** Why tests of the long room cannot run; empty if they can. */
export const NO_LONG_ROOM = text
  ? ""
  : "LONG_ROOM is not set; `cargo xtask test` creates a room with 10,000 messages";

const made = JSON.parse(text ?? "{}") as { customer: string; company: string; roomId: number };

export const LONG_ROOM = made.roomId;

/** The room's accounts, with only the fields that `logIn` needs. */
export const longCustomer = { role: "customer", username: made.customer } as Person;
export const longCompany = { role: "company", username: made.company } as Person;
