/** A labelled input with its hint, its counter and its error. */

import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { lengthOf } from "./limits.js";
import { text } from "./text/index.js";
import "./field.css";

export interface FieldProps {
  label: string;
  name: string;
  /** The problem of the value. If it is set, the input is marked as invalid. */
  error?: string | undefined;
  hint?: ComponentChildren;
  /** The maximum number of code points. A counter shows the current and the maximum number. */
  limit?: number | undefined;
  /** Shows a text area of this many lines. */
  lines?: number | undefined;
  /** The initial value; with `onInput`, the current value. */
  value?: string | undefined;
  onInput?: ((value: string) => void) | undefined;
  type?: "text" | "password";
  /** What the browser may fill in, such as `username` or `new-password`. */
  autocomplete?: string;
}

export const Field = ({
  label,
  name,
  error,
  hint,
  limit,
  lines,
  value,
  onInput,
  type = "text",
  autocomplete = "off",
}: FieldProps) => {
  const id = useId();
  const [typed, setTyped] = useState(value ?? "");
  const [isShown, setIsShown] = useState(false);
  const current = (onInput && value) ?? typed;
  const count = lengthOf(current);
  const describedBy = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  const attributes = {
    id,
    name,
    class: "input",
    value: current,
    autocomplete,
    ...(autocomplete === "username" && { autocapitalize: "none" as const, spellcheck: false }),
    "aria-invalid": !!error,
    "aria-describedby": describedBy || undefined,
    onInput: (event: { currentTarget: { value: string } }) => {
      setTyped(event.currentTarget.value);
      onInput?.(event.currentTarget.value);
    },
  };
  return (
    <div class="field">
      <div class="field-label">
        <label for={id}>{label}</label>
        {limit !== undefined && (
          <span class={count > limit ? "field-count is-over" : "field-count"}>
            {count}/{limit}
          </span>
        )}
      </div>
      <div class="field-box">
        {lines ? (
          <textarea {...attributes} rows={lines} />
        ) : type === "password" && !isShown ? (
          <input {...attributes} type="password" />
        ) : (
          <input {...attributes} />
        )}
        {type === "password" && (
          <button
            type="button"
            class="button button-quiet field-reveal"
            aria-pressed={isShown}
            onClick={() => setIsShown(!isShown)}
          >
            {isShown ? text.hidePassword : text.showPassword}
          </button>
        )}
      </div>
      {hint && (
        <div class="field-hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
      {error && (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
};
