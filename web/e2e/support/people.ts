/** Creates accounts, rooms and messages with the client library in Node. */

import type { BrowserContext } from "@playwright/test";
import type { Chat, Message, Role, Room } from "../../client/src/index.js";
import { cloud, PASSWORD, signUp, until } from "../../client/test/local/people.js";

export { newUsername, PASSWORD, until } from "../../client/test/local/people.js";

/** An account, with a chat that is logged in over a network that does not fail. */
export interface Person {
  chat: Chat;
  role: Role;
  id: number;
  username: string;
  name: string;
}

/** A customer, a visible company, and their room. */
export interface Pair {
  customer: Person;
  company: Person;
  roomId: number;
}

/** 8 × 8 pixels of one colour. */
const PICTURE = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mMQDbuGFTEMLQkAK1lQQfLLIogAAAAASUVORK5CYII=",
  "base64",
);

/** All people of one test, or of one worker. */
export class People {
  readonly #all: Person[] = [];

  async customer(name = "김하늘"): Promise<Person> {
    return this.#join("customer", name);
  }

  /** A company in the directory. */
  async company(name = "새벽빵집"): Promise<Person> {
    const company = await this.hiddenCompany(name);
    await company.chat.call("PATCH /companies/me", { body: { profileVisibility: true } });
    return company;
  }

  async hiddenCompany(name = "새벽빵집"): Promise<Person> {
    return this.#join("company", name);
  }

  async pair(): Promise<Pair> {
    const [customer, company] = await Promise.all([this.customer(), this.company()]);
    return { customer, company, roomId: await openRoom(customer, company) };
  }

  close(): void {
    for (const { chat } of this.#all.splice(0)) chat.close();
  }

  async #join(role: Role, name: string): Promise<Person> {
    const person = { ...(await signUp(role, name)), role, name };
    this.#all.push(person);
    return person;
  }
}

/** Opens the customer's room with the company. */
export const openRoom = async (customer: Person, company: Person): Promise<number> => {
  const body = { companyId: company.id };
  return (await customer.chat.call("POST /customer/chatrooms", { body })).chatRoomId;
};

/** Returns a person's room in Node, connected and loaded. */
export const enter = async ({ chat }: Person, roomId: number): Promise<Room> => {
  chat.connect();
  const room = chat.room(roomId);
  await room.ready();
  await until("the chat is connected", () => chat.connection === "open");
  return room;
};

/** Sends messages one after the other; returns when the server has stored all of them. */
export const say = async (person: Person, roomId: number, ...texts: string[]): Promise<void> => {
  const room = await enter(person, roomId);
  for (const text of texts) room.send(text);
  await until("all is sent", () => room.pending.length === 0);
};

/** Adds entries to a company's FAQ. */
export const addFaq = async (company: Person, entries: Record<string, string>): Promise<void> => {
  for (const [question, answer] of Object.entries(entries)) {
    await company.chat.call("POST /company/auto-replies", { body: { question, answer } });
  }
};

/** Gives the account a picture, and returns its path. */
export const addPicture = async (chat: Chat): Promise<string> => {
  const body = new FormData();
  body.append("file", new Blob([new Uint8Array(PICTURE)], { type: "image/png" }), "a.png");
  const { url } = await chat.call("POST /files", { query: { folder: "profile" }, body });
  const route = chat.role === "customer" ? "PATCH /customers/me" : "PATCH /companies/me";
  await chat.call(route, { body: { imageUrl: url } });
  return url;
};

/** Returns the whole history of a room from the server. */
export const history = async ({ chat, role }: Person, id: number): Promise<Message[]> => {
  const messages: Message[] = [];
  for (;;) {
    const query = { after: messages.length, limit: 100 };
    const page = await chat.call(`GET /${role}/chatrooms/{id}/messages`, { path: { id }, query });
    messages.push(...page.messages);
    if (messages.length >= page.lastSeq) return messages;
  }
};

/** Returns the texts that people typed in a room, from the server. */
export const typed = async (person: Person, roomId: number): Promise<string[]> =>
  (await history(person, roomId)).filter(({ type }) => type === "general").map((m) => m.content);

/** Withdraws an account. */
export const withdraw = async ({ chat, role }: Person): Promise<void> => {
  const route = role === "customer" ? "DELETE /customers/me" : "DELETE /companies/me";
  await chat.call(route, { body: { password: PASSWORD } });
};

/** Logs a browser context in: its pages have the cookie from then on. */
export const logIn = async (context: BrowserContext, person: Person): Promise<void> => {
  const data = { username: person.username, password: PASSWORD };
  const path = `${cloud().pathname}/${person.role}/session`;
  const response = await context.request.post(path, { data });
  if (response.status() !== 201) throw new Error(`No login: ${await response.text()}`);
};
