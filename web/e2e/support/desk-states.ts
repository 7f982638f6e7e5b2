/** The states of the desk. */

import { expect, type Page } from "@playwright/test";
import type { Cast } from "./cast.js";
import { tryJoin, tryLogin } from "./forms.js";
import { newUsername } from "./people.js";
import {
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
import type { Texts } from "./texts.js";

const ROOMS = /\/api\/company\/chatrooms(\?|$)/;
const ROOM = /\/api\/company\/chatrooms\/\d+$/;
const FAQ = /\/api\/company\/auto-replies$/;
const ME = /\/api\/companies\/me$/;
const LOGIN = /\/api\/company\/session$/;
const JOIN = /\/api\/companies$/;

const company = ({ company }: Cast) => company;
const newCompany = ({ newCompany }: Cast) => newCompany;

const login = { app: "desk", route: "/desk/login", path: () => "/desk/login" } as const;
const join = { app: "desk", route: "/desk/join", path: () => "/desk/join" } as const;
const start = {
  app: "desk",
  route: "/desk/start",
  path: () => "/desk/start",
  as: company,
} as const;
const inbox = { app: "desk", route: "/desk", path: () => "/desk", as: company } as const;
const room = {
  app: "desk",
  route: "/desk/rooms/:id",
  path: ({ roomId }: Cast) => `/desk/rooms/${roomId}`,
  as: company,
} as const;
const faq = { app: "desk", route: "/desk/faq", path: () => "/desk/faq", as: company } as const;
const profile = {
  app: "desk",
  route: "/desk/profile",
  path: () => "/desk/profile",
  as: company,
} as const;
const settings = {
  app: "desk",
  route: "/desk/settings",
  path: () => "/desk/settings",
  as: company,
} as const;

const blocked = { ...room, path: ({ blockedRoomId }: Cast) => `/desk/rooms/${blockedRoomId}` };

const lastMessage = shows(/전화 주세요/);
const firstQuestion = shows("영업시간이 어떻게 되나요?");

const edit = async (page: Page, { desk }: Texts): Promise<void> => {
  const name = desk.faq.editNamed("주차할 수 있나요?");
  await page.getByRole("button", { name }).click();
  await expect(page.getByLabel(desk.faq.question, { exact: true })).toBeVisible();
};

export const DESK_STATES: readonly State[] = [
  { ...login, kind: "empty", reach: (page, { desk }) => shows(desk.login.customers)(page) },
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
    kind: "offline",
    reach: async (page, texts) => {
      await shows(texts.desk.login.customers)(page);
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
    reach: async (page, { ui }) => {
      await page.getByRole("button", { name: ui.account.joinAction }).click();
      await shows(ui.account.checkFields)(page);
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

  { ...start, kind: "loading", before: hold(ME), reach: loads },
  {
    ...start,
    kind: "empty",
    as: newCompany,
    reach: (page, { desk }) => shows(desk.start.trialNeedsVisible)(page),
  },
  {
    ...start,
    kind: "filled",
    variant: "partly done",
    as: ({ fullCompany }) => fullCompany,
    reach: (page, { desk }) => shows(desk.start.trialAction)(page),
  },
  { ...start, kind: "filled", reach: (page, { desk }) => shows(desk.start.finishedHint)(page) },
  { ...start, kind: "error", before: refuse(ME, 500, "internal"), reach: offersRetry },
  {
    ...start,
    kind: "offline",
    as: newCompany,
    reach: async (page, { desk }) => {
      await shows(desk.start.trialNeedsVisible)(page);
      await goOffline(page);
    },
  },

  { ...inbox, kind: "loading", before: hold(ROOMS), reach: loads },
  {
    ...inbox,
    kind: "empty",
    as: newCompany,
    reach: (page, { desk }) => shows(desk.inbox.emptyHint)(page),
  },
  {
    ...inbox,
    kind: "empty",
    variant: "no match",
    reach: async (page, { desk }) => {
      await page.getByLabel(desk.inbox.search).fill("없는이름");
      await shows(desk.inbox.noMatch("없는이름"))(page);
    },
  },
  { ...inbox, kind: "filled", reach: shows(/박구름이에요/) },
  {
    ...inbox,
    kind: "filled",
    variant: "compact",
    reach: async (page, { desk }) => {
      await page.getByRole("button", { name: new RegExp(desk.inbox.density) }).click();
      await shows(/박구름이에요/)(page);
    },
  },
  { ...inbox, kind: "error", before: refuse(ROOMS, 500, "internal"), reach: offersRetry },
  {
    ...inbox,
    kind: "offline",
    reach: async (page, { ui }) => {
      await shows(/박구름이에요/)(page);
      await goOffline(page);
      await shows(ui.roomList.offline)(page);
    },
  },
  {
    ...inbox,
    kind: "dialog",
    variant: "shortcuts",
    reach: async (page, { desk }) => {
      await shows(/박구름이에요/)(page);
      await page.keyboard.press("Shift+Slash");
      await expect(page.getByRole("dialog", { name: desk.shortcuts.title })).toBeVisible();
    },
  },

  { ...room, kind: "loading", before: hold(ROOM), reach: loads },
  { ...room, kind: "filled", reach: lastMessage },
  {
    ...room,
    kind: "filled",
    variant: "canned replies",
    reach: async (page, { ui }) => {
      await lastMessage(page);
      await page.getByPlaceholder(ui.room.placeholder).click();
      await page.keyboard.type("/");
      await expect(page.getByRole("option").first()).toBeVisible();
    },
  },
  {
    ...blocked,
    kind: "filled",
    variant: "blocked customer",
    reach: (page, { desk }) => shows(desk.customer.blocked)(page),
  },
  {
    ...room,
    kind: "dialog",
    variant: "block",
    reach: async (page, { desk }) => {
      await lastMessage(page);
      await page.getByRole("button", { name: desk.block.start }).click();
      const name = desk.block.question("김하늘");
      await expect(page.getByRole("dialog", { name })).toBeVisible();
    },
  },
  {
    ...blocked,
    kind: "dialog",
    variant: "unblock",
    reach: async (page, { desk }) => {
      await page.getByRole("button", { name: desk.block.end }).first().click();
      const name = desk.block.endQuestion("박구름");
      await expect(page.getByRole("dialog", { name })).toBeVisible();
    },
  },
  { ...room, kind: "error", before: refuse(ROOM, 500, "internal"), reach: offersRetry },
  {
    ...room,
    kind: "error",
    variant: "not found",
    path: () => "/desk/rooms/999999999",
    reach: (page, { ui }) => shows(ui.room.notFound)(page),
  },
  {
    ...room,
    kind: "offline",
    reach: async (page, { ui }) => {
      await lastMessage(page);
      await goOffline(page);
      await shows(ui.room.offline)(page);
    },
  },
  {
    ...room,
    kind: "dialog",
    variant: "session expired",
    reach: async (page, { ui }) => {
      await lastMessage(page);
      await page.context().request.delete("/api/company/session");
      await expect(page.getByRole("dialog", { name: ui.session.expired })).toBeVisible();
    },
  },

  { ...faq, kind: "loading", before: hold(FAQ), reach: loads },
  {
    ...faq,
    kind: "empty",
    as: newCompany,
    reach: (page, { desk }) => shows(desk.faq.emptyHint)(page),
  },
  { ...faq, kind: "filled", reach: firstQuestion },
  {
    ...faq,
    kind: "filled",
    variant: "full",
    as: ({ fullCompany }) => fullCompany,
    reach: (page, { desk }) => shows(desk.faq.full)(page),
  },
  { ...faq, kind: "filled", variant: "edited", reach: edit },
  {
    ...faq,
    kind: "error",
    variant: "fields",
    reach: async (page, texts) => {
      await edit(page, texts);
      await page.getByLabel(texts.desk.faq.question, { exact: true }).fill("");
      await page.getByLabel(texts.desk.faq.answer, { exact: true }).fill("가".repeat(201));
      await page.getByRole("button", { name: texts.ui.save, exact: true }).click();
      await shows(texts.desk.faq.required)(page);
    },
  },
  { ...faq, kind: "error", before: refuse(FAQ, 500, "internal"), reach: offersRetry },
  {
    ...faq,
    kind: "offline",
    reach: async (page, texts) => {
      await edit(page, texts);
      await page.getByLabel(texts.desk.faq.answer, { exact: true }).fill("세 대 자리가 있어요.");
      await goOffline(page);
      await page.getByRole("button", { name: texts.ui.save, exact: true }).click();
      await shows(texts.ui.noNetwork)(page);
    },
  },
  {
    ...faq,
    kind: "dialog",
    variant: "removal",
    reach: async (page, { desk }) => {
      const question = "주차할 수 있나요?";
      await page.getByRole("button", { name: desk.faq.removeNamed(question) }).click();
      const name = desk.faq.confirmRemoval(question);
      await expect(page.getByRole("dialog", { name })).toBeVisible();
    },
  },

  { ...profile, kind: "loading", before: hold(ME), reach: loads },
  { ...profile, kind: "filled", reach: shows(/새벽 네 시/) },
  {
    ...profile,
    kind: "empty",
    as: newCompany,
    reach: (page, { desk }) => shows(desk.profile.previewDescription)(page),
  },
  {
    ...profile,
    kind: "error",
    variant: "fields",
    reach: async (page, { desk }) => {
      await page.getByLabel(desk.profile.name, { exact: true }).fill("");
      await page.getByRole("button", { name: desk.profile.save, exact: true }).click();
      await shows(desk.profile.nameRequired)(page);
    },
  },
  { ...profile, kind: "error", before: refuse(ME, 500, "internal"), reach: offersRetry },
  {
    ...profile,
    kind: "offline",
    reach: async (page, { desk, ui }) => {
      await page.getByLabel(desk.profile.name, { exact: true }).fill("새벽빵집 2호점");
      await goOffline(page);
      await page.getByRole("button", { name: desk.profile.save, exact: true }).click();
      await shows(ui.noNetwork)(page);
    },
  },
  {
    ...profile,
    kind: "dialog",
    variant: "unsaved changes",
    reach: async (page, { desk }) => {
      await page.getByLabel(desk.profile.name, { exact: true }).fill("새벽빵집 2호점");
      await page.getByRole("navigation").getByRole("link", { name: desk.nav.faq }).click();
      await expect(page.getByRole("dialog", { name: desk.leave.title })).toBeVisible();
    },
  },

  { ...settings, kind: "filled", reach: (page, { desk }) => shows(desk.settings.soundTest)(page) },
  {
    ...settings,
    kind: "filled",
    variant: "all open",
    reach: async (page, { desk, ui }) => {
      await page.getByRole("switch", { name: desk.settings.quiet }).click();
      const { password, withdrawal } = desk.settings;
      for (const summary of [password, ui.account.download, withdrawal]) {
        await page.locator("summary").filter({ hasText: summary }).click();
      }
      await shows(ui.account.deletedTitle)(page);
    },
  },
  {
    ...settings,
    kind: "error",
    reach: async (page, { desk, ui }) => {
      await page.locator("summary").filter({ hasText: desk.settings.password }).click();
      await page.getByRole("button", { name: ui.account.changePassword }).click();
      await shows(ui.account.checkFields)(page);
    },
  },
  {
    ...settings,
    ...tooManyDownloads,
    reach: async (page, texts) => {
      await page.locator("summary").filter({ hasText: texts.ui.account.download }).click();
      await tooManyDownloads.reach(page, texts);
    },
  },
  {
    ...settings,
    kind: "offline",
    reach: async (page, { desk, ui }) => {
      await shows(desk.settings.soundTest)(page);
      await goOffline(page);
      await page.getByRole("button", { name: desk.settings.logOut }).click();
      await shows(ui.noNetwork)(page);
    },
  },
  {
    ...settings,
    kind: "dialog",
    variant: "withdrawal",
    reach: async (page, { desk, ui }) => {
      await page.locator("summary").filter({ hasText: desk.settings.withdrawal }).click();
      const form = page.locator("form").filter({ hasText: ui.account.fields.password }).last();
      await form.locator("input[name=password]").fill("wrong-2026");
      await form.getByRole("button", { name: ui.account.withdraw, exact: true }).click();
      await expect(page.getByRole("dialog", { name: ui.account.withdrawQuestion })).toBeVisible();
    },
  },

  {
    app: "desk",
    route: "/desk/terms",
    path: () => "/desk/terms",
    kind: "filled",
    reach: showsText,
  },
  {
    app: "desk",
    route: "/desk/privacy",
    path: () => "/desk/privacy",
    kind: "filled",
    reach: showsText,
  },

  {
    app: "desk",
    route: "/desk/*",
    kind: "filled",
    path: () => "/desk/nowhere",
    as: company,
    reach: (page, { desk }) => shows(desk.notFound.back)(page),
  },
];
