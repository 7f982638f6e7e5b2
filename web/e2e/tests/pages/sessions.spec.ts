/** Sessions in a browser: the cookies of one origin, with reloads, both roles and several tabs. */

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "@playwright/test";
import { ko as app } from "../../../app/text/ko.js";
import { ko as desk } from "../../../desk/text/ko.js";
import { ko as ui } from "../../../ui/text/ko.js";
import { isLoggedIn, isLoggedOut, logInBy } from "../../support/account.js";
import { PASSWORD, say } from "../../support/people.js";
import { expect, test } from "../../support/test.js";

const logOut = async (page: Page): Promise<void> => {
  await page.goto("/me");
  await page.getByRole("button", { name: app.me.logOut }).click();
  await expect(page.getByRole("link", { name: app.logIn })).toBeVisible();
};

test("a login survives a reload and ends with the logout", async ({ page, context, people }) => {
  const customer = await people.customer();
  await page.goto("/rooms");
  await expect(page).toHaveURL(/\/login\?next=/);
  await logInBy(page, customer);
  await expect(page).toHaveURL(/\/rooms$/);
  expect(await context.cookies()).toMatchObject([
    { name: "__Host-customer", httpOnly: true, secure: true, sameSite: "Strict", path: "/" },
  ]);

  const renewal = page.waitForResponse("**/api/customer/token");
  await page.reload();
  await isLoggedIn(page);
  const renewed = await renewal;
  expect(renewed.status()).toBe(201);
  expect(await renewed.request().headerValue("cookie")).toContain("__Host-customer=");
  await expect(page).toHaveURL(/\/rooms$/);

  await logOut(page);
  expect(await context.cookies()).toEqual([]);
  await page.goto("/rooms");
  await isLoggedOut(page);
});

test("a wrong password is announced and gets the focus", async ({ page, people }) => {
  const { username } = await people.hiddenCompany();
  await page.goto("/desk");
  await logInBy(page, { username, password: "wrong-2026" });
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page.locator("input[name=password]")).toBeFocused();
  await page.keyboard.press("Control+a");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await isLoggedIn(page);
});

test("both roles are logged in side by side in one browser", async ({ page, context, people }) => {
  const { customer, company } = await people.pair();
  await page.goto("/login");
  await logInBy(page, customer);
  await isLoggedIn(page);
  const other = await context.newPage();
  await other.goto("/desk/login");
  await logInBy(other, company);
  await isLoggedIn(other);
  for (const each of [page, other]) {
    await each.reload();
    await isLoggedIn(each);
  }
  await logOut(page);
  await other.reload();
  await isLoggedIn(other);
  expect((await context.cookies()).map(({ name }) => name)).toEqual(["__Host-company"]);
});

test("a login or a logout in one tab applies to all tabs", async ({ context, people }) => {
  const { customer } = await people.pair();
  const tabs = [await context.newPage(), await context.newPage(), await context.newPage()] as const;
  for (const tab of tabs) await tab.goto("/login");
  await logInBy(tabs[0], customer);
  for (const tab of tabs) await isLoggedIn(tab);
  await logOut(tabs[1]);
  for (const tab of tabs) await expect(tab.getByRole("navigation")).toHaveCount(0);
  for (const tab of tabs) {
    await tab.goto("/rooms");
    await isLoggedOut(tab);
  }
});

test("an eleventh tab does not make the others reconnect in turn", async ({ people, open }) => {
  test.setTimeout(120_000);
  const { customer, company, roomId } = await people.pair();
  let closed = 0;
  let tickets = 0;
  const count = (tab: Page): void => {
    tab.on("websocket", (socket) => socket.on("close", () => closed++));
    tab.on("request", (request) => {
      if (request.url().endsWith("/realtime/tickets")) tickets++;
    });
  };
  // Chromium shows all tabs here, so the page reads a property that the test sets.
  const first = await open(customer, "/rooms", {
    before: async (tab) => {
      count(tab);
      await tab.context().addInitScript(() => {
        const get = () => Reflect.get(window, "visibility") ?? "hidden";
        Object.defineProperty(document, "visibilityState", { get });
      });
    },
  });
  await expect.poll(() => tickets).toBe(1);
  for (let n = 2; n <= 11; n++) {
    const tab = await first.context().newPage();
    count(tab);
    await tab.goto("/rooms");
    await expect.poll(() => tickets).toBe(n);
  }
  await expect.poll(() => closed).toBe(1);
  // A tab that reconnects does so within 5 seconds.
  await first.waitForTimeout(6_000);
  expect([tickets, closed]).toEqual([11, 1]);

  await first.evaluate(() => {
    Reflect.set(window, "visibility", "visible");
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await expect.poll(() => tickets).toBe(12);
  await say(company, roomId, "여기서도 보이나요?");
  await expect(first.getByText("여기서도 보이나요?")).toBeVisible();
});

test("ten tabs whose token is rejected refresh once", async ({ people, open }) => {
  const { customer, company, roomId } = await people.pair();
  const first = await open(customer, "/rooms");
  const tabs = [first];
  while (tabs.length < 10) {
    const tab = await first.context().newPage();
    await tab.goto("/rooms");
    tabs.push(tab);
  }
  for (const tab of tabs) await expect(tab.getByRole("link", { name: /새벽빵집/ })).toBeVisible();
  let rejected: string | undefined;
  let renewals = 0;
  let lists = 0;
  await first.context().route("**/api/**", async (route) => {
    const request = route.request();
    const token = request.headers().authorization;
    if (request.url().endsWith("/api/customer/token")) renewals++;
    rejected ??= token;
    if (!token || token !== rejected) {
      if (request.url().includes("/api/customer/chatrooms?")) lists++;
      return route.fallback();
    }
    const json = { code: "unauthenticated", message: "로그인이 필요해요.", requestId: "x" };
    await route.fulfill({ status: 401, json });
  });
  // All tabs fetch the list again.
  await say(company, roomId, "모두 보이나요?");
  for (const tab of tabs) await expect(tab.getByText("모두 보이나요?")).toBeVisible();
  for (const tab of tabs) {
    await expect(tab).toHaveTitle(/^\(1\) /);
  }
  await expect.poll(() => lists).toBeGreaterThanOrEqual(tabs.length);
  expect(renewals).toBe(1);
});

test("a dialog asks for the login when the session expires", async ({ people, open }) => {
  const company = await people.company();
  const page = await open(company, "/desk/faq");
  await page.getByRole("button", { name: desk.faq.add }).click();
  await page.getByLabel(desk.faq.question, { exact: true }).fill("쓰다 만 질문");
  await page.getByLabel(desk.faq.answer, { exact: true }).fill("쓰다 만 답변");
  await page.context().request.delete("/api/company/session");
  await page.getByRole("button", { name: ui.save, exact: true }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toBeVisible();
  await dialog.locator("input[name=username]").fill(company.username);
  await dialog.locator("input[name=password]").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(dialog).toHaveCount(0);
  await expect(page.getByLabel(desk.faq.question, { exact: true })).toHaveValue("쓰다 만 질문");
});

test("another origin cannot renew a session or end it", async ({ people, open, baseURL }) => {
  const page = await open(await people.customer(), "/rooms");
  const context = page.context();
  await isLoggedIn(page);
  const before = await context.cookies();

  const form = `<form method="post" action="${baseURL}/api/customer/token"><button>Renew</button>`;
  const server = createServer((_, response) => {
    response
      .setHeader("content-type", "text/html")
      .end(`<!DOCTYPE html><title>Other</title>${form}`);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  // Another port is the same site, so the browser sends the cookie. Another host is another site.
  for (const [host, sendsCookie] of [
    ["localhost", true],
    ["other.localhost", false],
  ] as const) {
    const other = await context.newPage();
    await other.goto(`http://${host}:${port}/`);
    const answer = other.waitForResponse("**/api/customer/token");
    await other.getByRole("button").click();
    const refused = await answer;
    expect(refused.status(), host).toBe(403);
    expect(await refused.json(), host).toMatchObject({ code: "origin_not_allowed" });
    expect((await refused.request().headerValue("cookie")) !== null, host).toBe(sendsCookie);
  }
  server.close();

  expect(await context.cookies()).toEqual(before);
  await page.reload();
  await isLoggedIn(page);
});
