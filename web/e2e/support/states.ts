/** The screens of both apps in each of their states, as data. */

import { APP_STATES } from "./app-states.js";
import { DESK_STATES } from "./desk-states.js";
import type { State } from "./state.js";

export const STATES: readonly State[] = [...APP_STATES, ...DESK_STATES];
