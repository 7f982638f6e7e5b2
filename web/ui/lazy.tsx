/** Components in separate chunks, which load when they are first shown. */

import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { Failed } from "./list-states.js";

export interface Lazy<P> {
  (props: P): preact.JSX.Element | null;
  /** Loads the chunk before the component is shown. */
  preload(): void;
}

export const lazy = <P extends object>(load: () => Promise<ComponentType<P>>): Lazy<P> => {
  const loaded = signal<ComponentType<P> | undefined>(undefined);
  const hasFailed = signal(false);
  let hasBegun = false;
  const preload = (): void => {
    if (hasBegun) return;
    hasBegun = true;
    load().then(
      (component) => {
        loaded.value = component;
      },
      () => {
        hasBegun = false;
        hasFailed.value = true;
      },
    );
  };
  const Shown = (props: P) => {
    preload();
    const Component = loaded.value;
    if (Component) return <Component {...props} />;
    // A new version may have replaced the chunk. Then only a reload helps.
    return hasFailed.value ? <Failed onRetry={() => location.reload()} /> : null;
  };
  return Object.assign(Shown, { preload });
};
