/** The sound of a new message: two tones. Browsers allow it after the user's first gesture. */

import { signal } from "@preact/signals";

let context: AudioContext | undefined;

/** Whether the browser lets this tab make sounds now. */
export const canRing = signal(false);

/** Asks the browser for permission to make sounds. Call it in a user's gesture. */
export const unlockSound = async (): Promise<void> => {
  if (!context) {
    context = new AudioContext();
    const audio = context;
    audio.addEventListener("statechange", () => {
      canRing.value = audio.state === "running";
    });
  }
  if (context.state !== "running") await context.resume();
  canRing.value = true;
};

/** Rings once, if that is allowed. */
export const ring = (): void => {
  if (context?.state !== "running") return;
  const start = context.currentTime;
  const tone = context.createOscillator();
  const volume = context.createGain();
  tone.frequency.setValueAtTime(784, start);
  tone.frequency.setValueAtTime(1047, start + 0.14);
  volume.gain.setValueAtTime(0.2, start);
  volume.gain.exponentialRampToValueAtTime(0.001, start + 0.5);
  tone.connect(volume).connect(context.destination);
  tone.start(start);
  tone.stop(start + 0.5);
};
