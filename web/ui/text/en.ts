import type { ko } from "./ko.js";

export const en: typeof ko = {
  close: "Close",
  cancel: "Cancel",
  save: "Save",
  retry: "Try again",
  back: "Back",
  menu: "Menu",
  loading: "Loading",
  loadFailed: "This could not be loaded",
  skipToContent: "Skip to content",
  unknownPerson: "(unknown)",
  retryIn: (seconds) => `Please try again in ${seconds} ${seconds === 1 ? "second" : "seconds"}`,
  showPassword: "Show password",
  hidePassword: "Hide password",
  noMatch: (query, what) => `No ${what} matches “${query}”`,
};
