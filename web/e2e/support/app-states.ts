/** The states of the customers' app. */

import { expect } from "@playwright/test";
import type { Cast } from "./cast.js";
import { tryJoin, tryLogin } from "./forms.js";
import { newUsername } from "./people.js";
import {
  download,
  EXPORT,
  goOffline,
  hold,
  loads,
  offersRetry,
  refuse,
  type State,
  shows,
  showsText,
  tooManyDownloads,
} from "./state.js";

const DIRECTORY = /\/api\/companies(\?|$)/;
const COMPANY = /\/api\/companies\/\d+$/;
const ROOMS = /\/api\/customer\/chatrooms(\?|$)/;
const ROOM = /\/api\/customer\/chatrooms\/\d+$/;
const ME = /\/api\/customers\/me$/;
const LOGIN = /\/api\/customer\/session$/;
const JOIN = /\/api\/customers$/;
const FILES = /\/api\/files\?/;
const NEW_ROOM = /\/api\/customer\/chatrooms$/;

const customer = ({ customer }: Cast) => customer;

const directory = { app: "app", route: "/", path: () => "/" } as const;
const company = {
  app: "app",
  route: "/c/:id",
  path: ({ company }: Cast) => `/c/${company.id}`,
} as const;
const login = { app: "app", route: "/login", path: () => "/login" } as const;
const join = { app: "app", route: "/join", path: () => "/join" } as const;
const rooms = { app: "app", route: "/rooms", path: () => "/rooms", as: customer } as const;
const room = {
  app: "app",
  route: "/rooms/:id",
  path: ({ roomId }: Cast) => `/rooms/${roomId}`,
  as: customer,
} as const;
const me = { app: "app", route: "/me", path: () => "/me", as: customer } as const;
const account = {
  app: "app",
  route: "/me/account",
  path: () => "/me/account",
  as: customer,
} as const;
const terms = { app: "app", route: "/terms", path: () => "/terms" } as const;
const privacy = { app: "app", route: "/privacy", path: () => "/privacy" } as const;

const lastMessage = shows(/전화 주세요/);

export const APP_STATES: readonly State[] = [
  { ...directory, kind: "loading", before: hold(DIRECTORY), reach: loads },
  {
    ...directory,
    kind: "empty",
    before: (page) =>
      page.route(DIRECTORY, (route) =>
        route.fulfill({ json: { companySummaries: [], page: { number: 1, size: 10, total: 0 } } }),
      ),
    reach: (page, { app }) => shows(app.directory.empty)(page),
  },
  {
    ...directory,
    kind: "empty",
    variant: "no match",
    path: () => "/?q=없는이름",
    reach: (page, { app }) => shows(app.directory.noMatch("없는이름"))(page),
  },
  { ...directory, kind: "filled", reach: shows("Spring Flowers") },
  {
    ...directory,
    kind: "filled",
    variant: "logged in",
    as: customer,
    reach: shows("Spring Flowers"),
  },
  {
    ...directory,
    kind: "error",
    before: refuse(DIRECTORY, 500, "internal"),
    reach: offersRetry,
  },
  {
    ...directory,
    kind: "offline",
    as: customer,
    reach: async (page) => {
      await shows("Spring Flowers")(page);
      await goOffline(page);
    },
  },

  { ...company, kind: "loading", before: hold(COMPANY), reach: loads },
  { ...company, kind: "filled", reach: shows(/새벽 네 시/) },
  {
    ...company,
    kind: "filled",
    variant: "open answer",
    as: customer,
    reach: async (page) => {
      await page.getByText("주차할 수 있나요?").click();
      await shows("건물 뒤에 두 대 자리가 있어요.")(page);
    },
  },
  {
    ...company,
    kind: "empty",
    path: ({ fullCompany }) => `/c/${fullCompany.id}`,
    before: (page) =>
      page.route(/\/api\/auto-replies\?/, (route) => route.fulfill({ json: { autoReplies: [] } })),
    reach: (page, { app }) => shows(app.company.noDescription)(page),
  },
  {
    ...company,
    kind: "error",
    before: refuse(COMPANY, 500, "internal"),
    reach: offersRetry,
  },
  {
    ...company,
    kind: "error",
    variant: "not found",
    path: () => "/c/999999999",
    reach: (page, { app }) => shows(app.company.notFoundHint)(page),
  },
  {
    ...company,
    kind: "error",
    variant: "too many rooms",
    as: customer,
    before: refuse(NEW_ROOM, 429, "too_many_requests", { "retry-after": "1730" }, "POST"),
    reach: async (page, { app, ui }) => {
      await page.getByRole("button", { name: app.company.chat }).click();
      await shows(ui.retryIn(1_730))(page);
    },
  },
  {
    ...company,
    kind: "offline",
    as: customer,
    reach: async (page, { app, ui }) => {
      await shows(/새벽 네 시/)(page);
      await goOffline(page);
      await page.getByRole("button", { name: app.company.chat }).click();
      await shows(new RegExp(`${ui.noNetwork}|${app.company.opening}`))(page);
    },
  },

  {
    ...login,
    kind: "empty",
    reach: (page, { app }) => shows(app.logInHint)(page),
  },
  {
    ...login,
    kind: "loading",
    before: hold(LOGIN, "POST"),
    reach: async (page, texts) => {
      await tryLogin(page, texts);
      await shows(texts.ui.account.busy)(page);
    },
  },
  {
    ...login,
    kind: "error",
    reach: async (page, texts) => {
      await tryLogin(page, texts);
      await shows(texts.ui.account.loginFailed)(page);
    },
  },
  {
    ...login,
    kind: "error",
    variant: "too many attempts",
    before: refuse(LOGIN, 429, "too_many_attempts", { "retry-after": "754" }, "POST"),
    reach: async (page, texts) => {
      await tryLogin(page, texts);
      await expect(page.getByText(texts.ui.retryIn(754))).toBeVisible();
    },
  },
  {
    ...login,
    kind: "offline",
    reach: async (page, texts) => {
      await shows(texts.app.logInHint)(page);
      await goOffline(page);
      await tryLogin(page, texts);
      await shows(texts.ui.noNetwork)(page);
    },
  },

  { ...join, kind: "empty", reach: (page, { ui }) => shows(ui.account.rules.strength)(page) },
  {
    ...join,
    kind: "loading",
    before: hold(JOIN, "POST"),
    reach: async (page, texts) => {
      await tryJoin(page, texts, newUsername());
      await shows(texts.ui.account.busy)(page);
    },
  },
  {
    ...join,
    kind: "error",
    variant: "all fields",
    reach: async (page, { ui }) => {
      await page.getByRole("button", { name: ui.account.joinAction }).click();
      await shows(ui.account.checkFields)(page);
    },
  },
  {
    ...join,
    kind: "error",
    variant: "username taken",
    reach: async (page, texts, { customer }) => {
      await tryJoin(page, texts, customer.username);
      await shows(texts.ui.account.usernameTaken)(page);
    },
  },
  {
    ...join,
    kind: "error",
    variant: "too many sign-ups",
    before: refuse(JOIN, 429, "too_many_requests", { "retry-after": "170" }, "POST"),
    reach: async (page, texts) => {
      await tryJoin(page, texts, newUsername());
      await shows(texts.ui.retryIn(170))(page);
    },
  },
  {
    ...join,
    kind: "offline",
    reach: async (page, texts) => {
      await shows(texts.ui.account.rules.strength)(page);
      await goOffline(page);
      await tryJoin(page, texts, newUsername());
      await shows(texts.ui.noNetwork)(page);
    },
  },

  { ...rooms, kind: "loading", before: hold(ROOMS), reach: loads },
  {
    ...rooms,
    kind: "empty",
    as: ({ newcomer }) => newcomer,
    reach: (page, { app }) => shows(app.rooms.empty)(page),
  },
  { ...rooms, kind: "filled", reach: shows("새벽빵집") },
  {
    ...rooms,
    kind: "error",
    before: refuse(ROOMS, 500, "internal"),
    reach: offersRetry,
  },
  {
    ...rooms,
    kind: "offline",
    reach: async (page, { ui }) => {
      await shows("새벽빵집")(page);
      await goOffline(page);
      await shows(ui.roomList.offline)(page);
    },
  },

  { ...room, kind: "loading", before: hold(ROOM), reach: loads },
  {
    ...room,
    kind: "empty",
    path: ({ emptyRoomId }) => `/rooms/${emptyRoomId}`,
    reach: (page, { ui }) => shows(ui.room.start)(page),
  },
  { ...room, kind: "filled", reach: lastMessage },
  {
    ...room,
    kind: "filled",
    variant: "counterpart withdrawn",
    path: ({ closedRoomId }) => `/rooms/${closedRoomId}`,
    reach: (page, { ui }) => shows(ui.room.withdrawn.customer)(page),
  },
  {
    ...room,
    kind: "filled",
    variant: "blocked",
    as: ({ blockedCustomer }) => blockedCustomer,
    path: ({ blockedRoomId }) => `/rooms/${blockedRoomId}`,
    reach: (page, { ui }) => shows(ui.room.blocked)(page),
  },
  {
    ...room,
    kind: "error",
    before: refuse(ROOM, 500, "internal"),
    reach: offersRetry,
  },
  {
    ...room,
    kind: "error",
    variant: "not found",
    path: () => "/rooms/999999999",
    reach: (page, { ui }) => shows(ui.room.notFound)(page),
  },
  {
    ...room,
    kind: "dialog",
    variant: "leave",
    reach: async (page, { app }) => {
      await lastMessage(page);
      await page.getByRole("button", { name: app.rooms.leave }).click();
      await expect(page.getByRole("dialog", { name: app.rooms.leaveQuestion })).toBeVisible();
    },
  },
  {
    ...room,
    kind: "dialog",
    variant: "leave closed room",
    path: ({ closedRoomId }) => `/rooms/${closedRoomId}`,
    reach: async (page, { app, ui }) => {
      await shows(ui.room.withdrawn.customer)(page);
      await page.getByRole("button", { name: app.rooms.leave }).click();
      await shows(app.rooms.leaveClosedHint)(page);
    },
  },
  {
    ...room,
    kind: "error",
    variant: "too long",
    reach: async (page, { ui }) => {
      await page.getByPlaceholder(ui.room.placeholder).fill("가".repeat(2_001));
      await shows(ui.room.tooLong)(page);
    },
  },
  {
    ...room,
    kind: "error",
    variant: "message failed",
    before: (page) =>
      page.routeWebSocket(/\/realtime/, (client) => {
        const server = client.connectToServer();
        client.onMessage((text) => {
          const { action, clientMessageId } = JSON.parse(String(text));
          if (action !== "sendMessage") return server.send(text);
          const message = "보낼 수 없는 메시지예요.";
          client.send(
            JSON.stringify({ type: "error", code: "forbidden", message, clientMessageId }),
          );
        });
      }),
    reach: async (page, { ui }) => {
      await lastMessage(page);
      await page.getByPlaceholder(ui.room.placeholder).fill("가지 않는 메시지");
      await page.getByRole("button", { name: ui.room.send }).click();
      await shows(ui.room.resend)(page);
      // While online, the client would send the message again.
      await goOffline(page);
    },
  },
  {
    ...room,
    kind: "offline",
    reach: async (page, { ui }) => {
      await lastMessage(page);
      await goOffline(page);
      await shows(ui.room.offline)(page);
      await page.getByPlaceholder(ui.room.placeholder).fill("나중에 가는 메시지");
      await page.getByRole("button", { name: ui.room.send }).click();
      await expect(page.locator(".row-sending")).toBeVisible();
    },
  },
  {
    ...room,
    kind: "dialog",
    variant: "session expired",
    reach: async (page, { ui }) => {
      await lastMessage(page);
      await page.context().request.delete("/api/customer/session");
      await expect(page.getByRole("dialog", { name: ui.session.expired })).toBeVisible();
    },
  },

  { ...me, kind: "loading", before: hold(ME), reach: loads },
  { ...me, kind: "filled", reach: (page, { ui }) => shows(ui.account.addPicture)(page) },
  {
    ...me,
    kind: "filled",
    variant: "name edited",
    reach: async (page, { ui }) => {
      await page.getByRole("button", { name: ui.account.changeName }).click();
      await expect(page.getByRole("button", { name: ui.save })).toBeVisible();
    },
  },
  {
    ...me,
    kind: "error",
    before: refuse(ME, 500, "internal"),
    reach: offersRetry,
  },
  {
    ...me,
    kind: "error",
    variant: "wrong picture",
    reach: async (page, { ui }) => {
      const file = { name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("가") };
      await page.locator("input[type=file]").setInputFiles(file);
      await shows(ui.account.pictureType)(page);
    },
  },
  {
    ...me,
    kind: "error",
    variant: "too many pictures",
    before: refuse(FILES, 429, "too_many_requests", { "retry-after": "2880" }, "POST"),
    reach: async (page, { ui }) => {
      const file = { name: "a.png", mimeType: "image/png", buffer: Buffer.from("가") };
      await page.locator("input[type=file]").setInputFiles(file);
      await shows(ui.retryIn(2_880))(page);
    },
  },
  {
    ...me,
    kind: "offline",
    reach: async (page, { app, ui }) => {
      await shows(ui.account.addPicture)(page);
      await goOffline(page);
      await page.getByRole("button", { name: app.me.logOut }).click();
      await shows(ui.noNetwork)(page);
    },
  },

  { ...account, kind: "filled", reach: (page, { ui }) => shows(ui.account.deletedTitle)(page) },
  {
    ...account,
    kind: "error",
    reach: async (page, { ui }) => {
      const { fields } = ui.account;
      await page.getByLabel(ui.account.currentPassword, { exact: true }).fill("wrong-2026");
      await page.getByLabel(fields.newPassword, { exact: true }).fill("gureum-2026");
      await page.getByLabel(fields.confirmNewPassword, { exact: true }).fill("gureum-2026");
      await page.getByRole("button", { name: ui.account.changePassword }).click();
      await shows(ui.account.wrongPassword)(page);
    },
  },
  {
    ...account,
    kind: "dialog",
    reach: async (page, { ui }) => {
      await page.getByLabel(ui.account.fields.password, { exact: true }).fill("wrong-2026");
      await page.getByRole("button", { name: ui.account.withdraw, exact: true }).click();
      await expect(page.getByRole("dialog", { name: ui.account.withdrawQuestion })).toBeVisible();
    },
  },

  {
    ...account,
    kind: "loading",
    variant: "download",
    before: hold(EXPORT),
    reach: async (page, texts) => {
      await download(page, texts);
      await shows(texts.ui.account.busy)(page);
    },
  },
  { ...account, ...tooManyDownloads },

  { ...terms, kind: "filled", reach: showsText },
  {
    ...terms,
    kind: "error",
    before: (page) => page.route(/\/assets\/terms\./, (route) => route.abort()),
    reach: offersRetry,
  },
  { ...privacy, kind: "filled", reach: showsText },

  {
    app: "app",
    route: "*",
    kind: "filled",
    path: () => "/nowhere",
    reach: (page, { app }) => shows(app.notFound.hint)(page),
  },
];
