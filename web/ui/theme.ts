/** The colour scheme: light, dark, or that of the device. */

import { effect, signal } from "@preact/signals";
import { store, stored } from "./stored.js";

export type Theme = "light" | "dark" | "device";

const isTheme = (theme: string | null): theme is Theme =>
  theme === "light" || theme === "dark" || theme === "device";

const saved = stored("theme");
export const theme = signal<Theme>(isTheme(saved) ? saved : "device");

effect(() => {
  document.documentElement.dataset.theme = theme.value;
  store("theme", theme.value === "device" ? null : theme.value);
});
