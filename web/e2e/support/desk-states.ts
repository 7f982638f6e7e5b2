import type { State } from "./states.js";
/** The states of the desk. */
export const DESK_STATES: readonly State[] = [];
