/** Links to the terms and the privacy notice. */

import type { ComponentChildren } from "preact";
import { useRouter } from "wouter-preact";
import { text } from "../text/index.js";
import type { Legal } from "./legal-page.js";
import "./legal-links.css";

export interface LegalLinkProps {
  name: Legal;
  children: ComponentChildren;
}

/** Opens a text in a new tab, so that the page keeps what the user typed. */
export const LegalLink = ({ name, children }: LegalLinkProps) => (
  <a class="legal-link" href={`${useRouter().base}/${name}`} target="_blank" rel="noopener">
    {children}
    <span class="visually-hidden"> ({text.newTab})</span>
  </a>
);

export const LegalLinks = () => (
  <p class="legal-links">
    <LegalLink name="terms">{text.legal.terms}</LegalLink>
    <LegalLink name="privacy">
      <strong>{text.legal.privacy}</strong>
    </LegalLink>
  </p>
);
