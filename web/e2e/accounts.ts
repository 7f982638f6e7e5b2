/** Accounts, and their logins on the page. */

import { randomUUID } from "node:crypto";
import { type APIRequestContext, expect, type Locator, type Page } from "@playwright/test";
import { en, type ko } from "../app/src/texts.js";

export type Role = "customer" | "company";

const PASSWORD = "sky-2026x";

/** Creates an account. */
export const signUp = async (request: APIRequestContext, role: Role) => {
  const account = { username: `${role}${randomUUID().slice(0, 8)}`, password: PASSWORD };
  const answer = await request.post(role === "customer" ? "/api/customers" : "/api/companies", {
    data: { ...account, confirmPassword: PASSWORD, name: "김하늘" },
  });
  expect(answer.status(), await answer.text()).toBe(201);
  return account;
};

/** The part of the page that logs a role in and out. */
export class Login {
  readonly heading: Locator;
  readonly status: Locator;
  readonly username: Locator;
  readonly password: Locator;
  readonly alert: Locator;
  readonly #button: Locator;

  constructor(
    page: Page,
    role: Role,
    private readonly texts: typeof ko = en,
  ) {
    const section = page.getByRole("region", { name: texts[role] });
    this.heading = section.getByRole("heading");
    this.status = section.getByRole("status");
    this.username = section.getByLabel(texts.username);
    this.password = section.getByLabel(texts.password);
    this.alert = section.getByRole("alert");
    this.#button = section.getByRole("button");
  }

  async logIn({ username, password }: { username: string; password: string }): Promise<void> {
    await this.username.fill(username);
    await this.password.fill(password);
    await this.#button.click();
  }

  async logOut(): Promise<void> {
    await this.isLoggedIn();
    await this.#button.click();
  }

  /** Waits until the session and its connection stand. */
  async isLoggedIn(): Promise<void> {
    await expect(this.status).toHaveText(`${this.texts.loggedIn} ${this.texts.open}`);
  }

  async isLoggedOut(): Promise<void> {
    await expect(this.status).toHaveText(this.texts.loggedOut);
    await expect(this.username).toBeVisible();
  }
}
