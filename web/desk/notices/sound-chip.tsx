/** A hint that the browser allows no sound yet. Any gesture on the page allows it. */

import { sound } from "../preferences.js";
import { text } from "../text/index.js";
import { canRing } from "./sound.js";
import "./sound-chip.css";

export const SoundChip = () =>
  sound.value && !canRing.value ? (
    <button type="button" class="sound-chip">
      {text.notices.soundChip}
    </button>
  ) : null;
