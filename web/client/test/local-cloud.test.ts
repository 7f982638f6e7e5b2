/** The library against the compiled functions, in a local cloud. */

import { afterEach, beforeAll, expect, test, vi } from "vitest";
import WebSocket from "ws";
import { ask } from "../example/ask.js";
import { type Chat, createChat, type Message, type Role, type SessionState } from "../src/index.js";
import { cloud, PASSWORD, signUp, throughPort, until, withCookies } from "./local/people.js";
import { FAULTS, FailingProxy, type Fault } from "./local/proxy.js";

const opened: { close(): void }[] = [];
const chats = <C extends Chat[]>(...made: C): C => {
  opened.push(...made);
  return made;
};
beforeAll(() => void cloud());
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});

/** A visible company, and a customer with a room there. */
const twoPeople = async () => {
  const [company, customer] = await Promise.all([
    signUp("company", `빵집 ${Math.random().toFixed(8)}`),
    signUp("customer", "김하늘"),
  ]);
  chats(company.chat, customer.chat);
  await company.chat.call("PATCH /companies/me", { body: { profileVisibility: true } });
  const { chatRoomId } = await customer.chat.call("POST /customer/chatrooms", {
    body: { companyId: company.id },
  });
  return { company, customer, chatRoomId };
};

/** The whole history as the server has it, for one side. */
const history = async (chat: Chat, role: Role, id: number): Promise<Message[]> => {
  const messages: Message[] = [];
  for (;;) {
    const query = { after: messages.length, limit: 100 };
    const page = await chat.call(`GET /${role}/chatrooms/{id}/messages`, { path: { id }, query });
    messages.push(...page.messages);
    if (messages.length >= page.lastSeq) return messages;
  }
};

test("400 messages over a failing network arrive once and in order", async () => {
  const { company, customer, chatRoomId } = await twoPeople();
  let seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2_147_483_646) + 1);
  console.log(`SEED=${seed}`);
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };

  const network = new EventTarget();
  vi.stubGlobal("addEventListener", network.addEventListener.bind(network));
  vi.stubGlobal("removeEventListener", network.removeEventListener.bind(network));
  const proxies = [new FailingProxy(cloud()), new FailingProxy(cloud())] as const;
  const [a, b] = chats(
    createChat(throughPort("customer", await proxies[0].start())),
    createChat(throughPort("company", await proxies[1].start())),
  );
  const people = [
    {
      chat: a,
      direct: customer.chat,
      role: "customer",
      username: customer.username,
      proxy: proxies[0],
    },
    {
      chat: b,
      direct: company.chat,
      role: "company",
      username: company.username,
      proxy: proxies[1],
    },
  ] as const;
  try {
    for (const { chat, username } of people) {
      await chat.logIn(username, PASSWORD);
      chat.connect();
    }
    const rooms = people.map(({ chat }) => chat.room(chatRoomId));
    await Promise.all(rooms.map((room) => room.ready()));

    const odds: Record<Fault, number> = {
      before: 0.015,
      after: 0.015,
      resync: 0.2,
      silence: 0.003,
    };
    for (const { proxy } of people) {
      const chances: Record<Fault, number> = { before: 0, after: 0, resync: 0, silence: 0 };
      // At random, and at least once.
      proxy.chooses = (fault) =>
        random() < odds[fault] || (++chances[fault] * odds[fault] > 0.5 && !proxy.happened[fault]);
    }
    for (let n = 1; n <= 200; n++) {
      for (const [side, room] of rooms.entries()) room.send(`${people[side]!.role} ${n}`);
      await new Promise((resolve) => setTimeout(resolve, 20 * random()));
    }
    // Each side marks everything as read that it sees.
    const all = 1 + 400;
    const marked = people.map(({ chat }, side) => chat.on("room", () => rooms[side]!.markRead()));
    await until("all is sent", () => rooms.every((room) => room.pending.length === 0), 200);
    for (const { proxy } of people) proxy.chooses = () => false;
    // A heartbeat would detect a dead connection after minutes; this detects it immediately.
    network.dispatchEvent(new Event("online"));
    await until("both sides have all", () => rooms.every((room) => room.lastSeq === all), 60);

    for (const [side, { direct, role }] of people.entries()) {
      const stored = await history(direct, role, chatRoomId);
      expect(stored.map(({ seq }) => seq)).toEqual(Array.from({ length: all }, (_, n) => n + 1));
      // From the first loaded message on, nothing is missing, and nothing differs.
      expect(rooms[side]!.messages).toEqual(stored);
      for (const { role: writer } of people) {
        const said = stored
          .map(({ content }) => content)
          .filter((content) => content.startsWith(writer));
        expect(said).toEqual(Array.from({ length: 200 }, (_, n) => `${writer} ${n + 1}`));
      }
    }
    const [mine, theirs] = rooms.map((room) =>
      room.messages.map(({ clientMessageId: _, ...message }) => message),
    );
    expect(mine).toEqual(theirs);
    await until(
      "both markers have arrived",
      () => rooms.every((room) => room.readSeq === all && room.receiverReadSeq === all),
      60,
    );
    for (const stop of marked) stop();

    const total = (fault: Fault): number => proxies[0].happened[fault] + proxies[1].happened[fault];
    console.log(
      Object.entries(FAULTS)
        .map(([fault, words]) => `${total(fault as Fault)} ${words}`)
        .join(", "),
    );
    for (const fault of Object.keys(FAULTS) as Fault[])
      expect(total(fault), FAULTS[fault]).toBeGreaterThan(0);
  } finally {
    for (const proxy of proxies) proxy.stop();
  }
});

test("the example of the README gets its answer", async () => {
  const { company, customer } = await twoPeople();
  const { name } = await company.chat.call("GET /companies/me");
  company.chat.connect();
  company.chat.on("message", ({ roomId, message, sender }) => {
    if (message.content === "식빵 예약되나요?" && sender.name === "김하늘")
      company.chat.room(roomId).send("네!");
  });
  await until("the company is connected", () => company.chat.connection === "open");
  const options = { url: cloud().href, fetch: withCookies(), WebSocket };
  expect(
    await ask(
      options,
      { username: customer.username, password: PASSWORD },
      name,
      "식빵 예약되나요?",
    ),
  ).toBe("네!");
});

test("a session continues with its cookie and ends with its logout", async () => {
  const { chat, id, username } = await signUp("customer", "김바다");
  chats(chat);
  const options = { url: cloud().href, role: "customer", fetch: withCookies(), WebSocket } as const;
  const [first, second] = chats(createChat(options), createChat(options));
  await first.logIn(username, PASSWORD);
  expect(await second.resume()).toBe(true);
  expect([first.account, second.account]).toEqual([id, id]);
  expect(await second.call("GET /customers/me")).toMatchObject({ id, username });
  second.connect();
  await until("the connection is open", () => second.connection === "open");
  const states: SessionState[] = [];
  first.on("session", (state) => states.push(state));
  await second.logOut();
  expect(second.connection).toBe("closed");
  await expect(first.call("GET /customers/me")).rejects.toMatchObject({
    code: "unauthenticated",
    status: 401,
  });
  expect(states).toEqual(["expired"]);
  expect(await second.resume()).toBe(false);
});

test("both roles are logged in side by side with one cookie store", async () => {
  const { company, customer } = await twoPeople();
  const options = { url: cloud().href, fetch: withCookies(), WebSocket };
  const [desk, app] = chats(
    createChat({ ...options, role: "company" }),
    createChat({ ...options, role: "customer" }),
  );
  await desk.logIn(company.username, PASSWORD);
  expect(await app.resume()).toBe(false);
  await app.logIn(customer.username, PASSWORD);
  await app.logOut();
  const [again] = chats(createChat({ ...options, role: "company" }));
  expect(await again.resume()).toBe(true);
  expect(again.account).toBe(company.id);
});

test("a change of the password ends the other sessions only", async () => {
  const { chat: other, username } = await signUp("customer", "김강");
  const options = { url: cloud().href, role: "customer", fetch: withCookies(), WebSocket } as const;
  const [chat] = chats(createChat(options), other);
  await chat.logIn(username, PASSWORD);
  const { sessions } = await chat.call("GET /customers/me/sessions");
  expect(sessions.map(({ current }) => current).sort()).toEqual([false, true]);
  const changed = "haneul-2027";
  await chat.call("PATCH /customers/me/password", {
    body: { password: PASSWORD, newPassword: changed, confirmNewPassword: changed },
  });
  expect(await chat.call("GET /customers/me")).toMatchObject({ username });
  await expect(other.call("GET /customers/me")).rejects.toMatchObject({ code: "unauthenticated" });
  // The change has replaced the cookie.
  const [reloaded] = chats(createChat(options));
  expect(await reloaded.resume()).toBe(true);
});

test("errors have the server's fields; a picture is uploaded", async () => {
  const { chat } = await signUp("customer", "김산");
  chats(chat);
  const wrong = { username: "x", password: "y", confirmPassword: "z", name: "" };
  await expect(chat.call("POST /customers", { body: wrong })).rejects.toMatchObject({
    status: 400,
    code: "validation_failed",
    fields: expect.arrayContaining([
      expect.objectContaining({ field: "username", code: "too_short" }),
    ]),
  });
  await expect(chat.logIn("nobody99", PASSWORD)).rejects.toMatchObject({
    status: 400,
    code: "login_failed",
  });
  await expect(
    chat.call("GET /customer/chatrooms/{id}", { path: { id: 987_654_321 } }),
  ).rejects.toMatchObject({ code: "room_not_found" });

  const pixel =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  const form = new FormData();
  form.set("file", new Blob([Buffer.from(pixel, "base64")], { type: "image/png" }), "pixel.png");
  const { url } = await chat.call("POST /files", { query: { folder: "profile" }, body: form });
  expect(url).toMatch(/^\/pictures\//);
  await chat.call("PATCH /customers/me", { body: { imageUrl: url } });
  expect(await chat.call("GET /customers/me")).toMatchObject({ imageUrl: url });
});
