/** One of a few options, side by side: radio buttons that look like one control. */

import { useId } from "preact/hooks";
import "./choice.css";

export interface ChoiceProps<T extends string> {
  legend: string;
  options: readonly (readonly [value: T, label: string])[];
  value: T;
  onChange: (value: T) => void;
}

export const Choice = <T extends string>({ legend, options, value, onChange }: ChoiceProps<T>) => {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend>{legend}</legend>
      <div class="choice-options">
        {options.map(([option, label]) => (
          <label key={option}>
            <input
              type="radio"
              class="visually-hidden"
              name={name}
              checked={option === value}
              onChange={() => onChange(option)}
            />
            <span>{label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
};
