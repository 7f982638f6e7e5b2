/** A switch with a label and an optional description. */

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import "./switch.css";

export interface SwitchProps {
  label: string;
  hint?: ComponentChildren;
  isOn: boolean;
  isDisabled?: boolean;
  onChange: (isOn: boolean) => void;
}

export const Switch = ({ label, hint, isOn, isDisabled = false, onChange }: SwitchProps) => {
  const id = useId();
  return (
    <div class="switch-row">
      <div>
        <label for={id}>{label}</label>
        {hint && (
          <p class="dim" id={`${id}-hint`}>
            {hint}
          </p>
        )}
      </div>
      <button
        type="button"
        id={id}
        class="switch"
        role="switch"
        aria-checked={isOn}
        aria-describedby={hint ? `${id}-hint` : undefined}
        disabled={isDisabled}
        onClick={() => onChange(!isOn)}
      />
    </div>
  );
};
