/** The rules for a new password, each with a mark if the typed one obeys it. */

import { text } from "../text/index.js";
import { type PasswordRule, passwordRules } from "./problems.js";

export interface PasswordRulesProps {
  password: string;
  /** Without it, the rule about the username is not shown. */
  username?: string;
}

export const PasswordRules = ({ password, username }: PasswordRulesProps) => {
  const words = text.account;
  const rules = Object.entries(passwordRules(password, username ?? "")) as [
    PasswordRule,
    boolean,
  ][];
  return (
    <ul class="password-rules">
      {rules
        .filter(([rule]) => rule !== "username" || username !== undefined)
        .map(([rule, isMet]) => (
          <li key={rule} class={isMet ? "is-met" : ""}>
            <span aria-hidden="true">{isMet ? "✓" : "·"}</span> {words.rules[rule]}
            {isMet && <span class="visually-hidden"> {words.ruleMet}</span>}
          </li>
        ))}
    </ul>
  );
};
