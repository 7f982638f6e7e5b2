/**
 * Asks before a page with unsaved changes is left: by a link, by the browser's buttons, or by
 * closing the tab.
 */

import { signal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import type { NavigateOptions } from "wouter-preact";
import { navigate } from "wouter-preact/use-browser-location";
import { Dialog } from "../ui/dialog.js";
import { navigateKeepingScroll } from "../ui/scroll.js";
import { text } from "./text/index.js";

/** The path of the page with unsaved changes. */
let guarded: string | undefined;
/** Leaves the page. It is set while the user is asked. */
const leaving = signal<(() => void) | undefined>(undefined);

const ask = (leave: () => void): void => {
  leaving.value = leave;
};

const leaveBy = (leave: () => void): void => {
  if (guarded === undefined) leave();
  else ask(leave);
};

/** For the router: navigates, after asking if there are unsaved changes. */
export const navigateGuarded = (
  navigate: (to: string, options?: NavigateOptions) => void,
  to: string,
  options?: NavigateOptions,
): void => {
  // The router adds a slash to its base.
  const path = to === "/desk/" ? "/desk" : to;
  leaveBy(() => navigateKeepingScroll(navigate, path, options));
};

/** Goes to a path such as `/desk/rooms/31`; asks before if there are unsaved changes. */
export const go = (path: string): void => navigateGuarded(navigate, path);

/**
 * Guards against the Back and Forward buttons. Call it before the router is rendered. The browser
 * reports `popstate` after it has changed the address, so the address of the page is pushed again
 * until the user has decided.
 */
export const guardHistory = (): void => {
  addEventListener("popstate", (event) => {
    if (guarded === undefined || location.pathname === guarded) return;
    event.stopImmediatePropagation();
    history.pushState(null, "", guarded);
    ask(() => history.back());
  });
};

const onBeforeUnload = (event: BeforeUnloadEvent): void => event.preventDefault();

/** Guards the current page while it has unsaved changes. */
export const useLeaveGuard = (isDirty: boolean): void => {
  useLayoutEffect(() => {
    if (!isDirty) return;
    guarded = location.pathname;
    addEventListener("beforeunload", onBeforeUnload);
    return () => {
      guarded = undefined;
      removeEventListener("beforeunload", onBeforeUnload);
    };
  }, [isDirty]);
};

/** The dialog that asks. Render it once. */
export const LeaveDialog = () => {
  const leave = leaving.value;
  if (!leave) return null;
  return (
    <Dialog
      title={text.leave.title}
      action={text.leave.action}
      cancel={text.leave.stay}
      isDangerous
      onClose={() => {
        leaving.value = undefined;
      }}
      onAction={() => {
        leaving.value = undefined;
        guarded = undefined;
        removeEventListener("beforeunload", onBeforeUnload);
        leave();
      }}
    >
      <p>{text.leave.explanation}</p>
    </Dialog>
  );
};
