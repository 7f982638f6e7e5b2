/** A box to accept a text before the sign-up, with a link that shows the text. */

import { useId } from "preact/hooks";
import { LegalLink } from "../legal/legal-links.js";
import type { Legal } from "../legal/legal-page.js";
import { text } from "../text/index.js";

export interface ConsentFieldProps {
  /** The text, and the name of the box in the form. */
  name: Legal;
  error: string | undefined;
}

export const ConsentField = ({ name, error }: ConsentFieldProps) => {
  const id = useId();
  return (
    <div class="field consent-field">
      <div class="consent-box">
        <label>
          <input
            type="checkbox"
            name={name}
            aria-invalid={!!error}
            aria-describedby={error && id}
          />
          {text.account.consents[name]}
        </label>
        <LegalLink name={name}>
          <span>
            <span class="visually-hidden">{text.legal[name]} </span>
            {text.legal.show}
          </span>
        </LegalLink>
      </div>
      {error && (
        <p class="field-error" id={id}>
          {error}
        </p>
      )}
    </div>
  );
};
