/** The name of the account, which is edited in place. */

import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { LiveChat } from "../chat.js";
import { Field } from "../field.js";
import { MAX, trimmed } from "../limits.js";
import { text } from "../text/index.js";
import { AccountForm } from "./account-form.js";
import { CHECKS, problemsOf } from "./problems.js";

export interface NameFieldProps {
  live: LiveChat;
  name: string;
  /** Called after the profile has this name. */
  onChanged: (name: string) => void;
}

export const NameField = ({ live, name, onChanged }: NameFieldProps) => {
  const words = text.account;
  const isEdited = useSignal(false);
  const place = useRef<HTMLDivElement>(null);
  const wasEdited = useRef(false);
  const isCompany = live.chat.role === "company";
  const label = isCompany ? words.companyName : words.fields.name;

  useLayoutEffect(() => {
    if (isEdited.value) place.current?.querySelector("input")?.select();
    else if (wasEdited.current) place.current?.querySelector("button")?.focus();
    wasEdited.current = isEdited.value;
  }, [isEdited.value]);

  const save = async (typed: string): Promise<void> => {
    const changed = trimmed(typed);
    if (changed !== name) {
      const route = isCompany ? "PATCH /companies/me" : "PATCH /customers/me";
      await live.chat.call(route, { body: { name: changed } });
      onChanged(changed);
    }
    isEdited.value = false;
  };

  return (
    <div class="name-field" ref={place}>
      {isEdited.value ? (
        // biome-ignore lint/a11y/noStaticElementInteractions: the button below does the same.
        <div
          class="name-field-form"
          onKeyDown={({ key, isComposing }) => {
            if (key === "Escape" && !isComposing) isEdited.value = false;
          }}
        >
          <AccountForm
            action={text.save}
            check={(values) => problemsOf(CHECKS.name, values)}
            send={({ name: typed = "" }) => save(typed)}
            labels={{ name: label }}
          >
            {(problems) => (
              <Field
                label={label}
                name="name"
                value={name}
                limit={MAX.name}
                autocomplete={isCompany ? "organization" : "name"}
                error={problems.name}
              />
            )}
          </AccountForm>
          <button
            type="button"
            class="button button-wide"
            onClick={() => {
              isEdited.value = false;
            }}
          >
            {text.cancel}
          </button>
        </div>
      ) : (
        <>
          <span class="name-field-name">{name}</span>
          <button
            type="button"
            class="button button-quiet"
            onClick={() => {
              isEdited.value = true;
            }}
          >
            {words.changeName}
          </button>
        </>
      )}
    </div>
  );
};
