import type { State } from "./state.js";
/** The states of the desk. */
export const DESK_STATES: readonly State[] = [];
