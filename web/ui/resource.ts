/** A value that a page loads from the API. */

import type { ChatError } from "@chatchat/client";
import { batch, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { createRetry } from "./retry.js";

export interface Resource<T> {
  /** Undefined until it is loaded. The page sets the value after it has saved a change. */
  readonly value: Signal<T | undefined>;
  /** The reason why the value could not be loaded. Transient errors are retried. */
  readonly error: ReadonlySignal<ChatError | undefined>;
  reload(): void;
  close(): void;
}

export const createResource = <T>(fetch: (signal: AbortSignal) => Promise<T>): Resource<T> => {
  const value = signal<T | undefined>(undefined);
  const error = signal<ChatError | undefined>(undefined);
  let life = new AbortController();
  const reload = async (): Promise<void> => {
    life.abort();
    life = new AbortController();
    const { signal } = life;
    try {
      const loaded = await fetch(signal);
      if (signal.aborted) return;
      retry.succeeded();
      batch(() => {
        value.value = loaded;
        error.value = undefined;
      });
    } catch (caught) {
      if (signal.aborted) return;
      if (retry.failed(caught as ChatError)) error.value = caught as ChatError;
    }
  };
  const retry = createRetry(() => void reload());
  void reload();
  return {
    value,
    error,
    reload: () => {
      error.value = undefined;
      void reload();
    },
    close: () => {
      life.abort();
      retry.close();
    },
  };
};

/** Loads while the component is mounted, and again when an input changes. */
export const useResource = <T>(
  fetch: (signal: AbortSignal) => Promise<T>,
  inputs: readonly unknown[],
): Resource<T> => {
  const resource = useMemo(() => createResource(fetch), inputs);
  useEffect(() => resource.close, [resource]);
  return resource;
};
