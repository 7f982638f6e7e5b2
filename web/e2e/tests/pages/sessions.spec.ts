/** Sessions in a browser: the cookies of one origin, over reloads, roles and tabs. */

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Login, signUp } from "../accounts.js";
import { expect, test } from "../test.js";

test("a login outlives a reload and ends with the logout", async ({ page, context, request }) => {
  const account = await signUp(request, "customer");
  const customer = new Login(page, "customer");
  await page.goto("/");
  await customer.logIn(account);
  await customer.isLoggedIn();
  expect(await context.cookies()).toMatchObject([
    { name: "__Host-customer", httpOnly: true, secure: true, sameSite: "Strict", path: "/" },
  ]);

  const renewal = page.waitForResponse("**/api/customer/token");
  await page.reload();
  await customer.isLoggedIn();
  const renewed = await renewal;
  expect(renewed.status()).toBe(201);
  expect(await renewed.request().headerValue("cookie")).toContain("__Host-customer=");

  await customer.logOut();
  await customer.isLoggedOut();
  expect(await context.cookies()).toEqual([]);
  await page.reload();
  await customer.isLoggedOut();
});

test("a login needs no pointer, and the focus follows it", async ({ page, request }) => {
  const { username, password } = await signUp(request, "company");
  const company = new Login(page, "company");
  await page.goto("/");
  await company.username.focus();
  await page.keyboard.type(username);
  await page.keyboard.press("Tab");
  await page.keyboard.type("wrong-2026");
  await page.keyboard.press("Enter");
  await expect(company.alert).not.toBeEmpty();
  await expect(company.password).toBeFocused();
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
  await company.isLoggedIn();
  await expect(company.alert).toBeEmpty();
  await expect(company.heading).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await company.isLoggedOut();
  await expect(company.heading).toBeFocused();
});

test("both roles are logged in side by side in one tab", async ({ page, context, request }) => {
  const [customer, company] = [new Login(page, "customer"), new Login(page, "company")];
  await page.goto("/");
  await customer.logIn(await signUp(request, "customer"));
  await customer.isLoggedIn();
  await company.logIn(await signUp(request, "company"));
  await company.isLoggedIn();
  await page.reload();
  await customer.isLoggedIn();
  await company.isLoggedIn();

  await customer.logOut();
  await customer.isLoggedOut();
  await page.reload();
  await customer.isLoggedOut();
  await company.isLoggedIn();
  expect((await context.cookies()).map(({ name }) => name)).toEqual(["__Host-company"]);
});

test("two tabs agree about each role", async ({ page, context, request }) => {
  const tabs = [page, await context.newPage()] as const;
  for (const tab of tabs) await tab.goto("/");
  const [customer, customerThere] = [
    new Login(tabs[0], "customer"),
    new Login(tabs[1], "customer"),
  ];
  const [companyHere, company] = [new Login(tabs[0], "company"), new Login(tabs[1], "company")];
  const all = [customer, customerThere, companyHere, company];

  await customer.logIn(await signUp(request, "customer"));
  await customerThere.isLoggedIn();
  await company.logIn(await signUp(request, "company"));
  await companyHere.isLoggedIn();
  await Promise.all(tabs.map((tab) => tab.reload()));
  for (const login of all) await login.isLoggedIn();

  await customerThere.logOut();
  for (const login of [customer, customerThere]) await login.isLoggedOut();
  await Promise.all(tabs.map((tab) => tab.reload()));
  for (const login of [customer, customerThere]) await login.isLoggedOut();
  for (const login of [companyHere, company]) await login.isLoggedIn();
});

test("another origin cannot renew a session, and the session lives on", async ({
  page,
  context,
  request,
  baseURL,
}) => {
  const customer = new Login(page, "customer");
  await page.goto("/");
  await customer.logIn(await signUp(request, "customer"));
  await customer.isLoggedIn();
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
  await customer.isLoggedIn();
});
