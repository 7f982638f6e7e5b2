/** The consents of a sign-up, the texts that they refer to, and the download of the data. */

import { readFileSync } from "node:fs";
import { ko as ui } from "../../../ui/text/ko.js";
import { newUsername, PASSWORD } from "../../support/people.js";
import { expect, test } from "../../support/test.js";

const words = ui.account;

const APPS = [
  { base: "", kind: "customer", settings: "/me/account" },
  { base: "/desk", kind: "company", settings: "/desk/settings" },
];

for (const { base, kind, settings } of APPS) {
  test(`a ${kind} signs up with both consents and downloads its data`, async ({ page }) => {
    const signUps: string[] = [];
    page.on("request", (request) => {
      if (request.method() === "POST" && /\/api\/(customers|companies)$/.test(request.url())) {
        signUps.push(request.url());
      }
    });
    const username = newUsername();
    await page.goto(`${base}/join`);
    await page.locator("input[name=name]").fill("김하늘");
    await page.getByLabel(words.fields.username, { exact: true }).fill(username);
    await page.getByLabel(words.fields.password, { exact: true }).fill(PASSWORD);
    await page.getByLabel(words.fields.confirmPassword, { exact: true }).fill(PASSWORD);

    const join = page.getByRole("button", { name: words.joinAction });
    await join.click();
    await expect(page.locator(".field-error")).toHaveText(Array(2).fill(words.problems.consent));
    const summary = page.getByRole("alert");
    await expect(summary).toBeFocused();
    await summary.getByRole("button", { name: words.fields.privacy }).click();
    const box = page.getByLabel(words.consents.privacy);
    await expect(box).toBeFocused();
    await expect(box).toHaveAccessibleDescription(words.problems.consent);
    await page.keyboard.press("Space");
    await expect(page.locator(".field-error")).toHaveCount(1);

    const versions: Record<string, string | undefined> = {};
    for (const name of ["terms", "privacy"] as const) {
      const opened = page.context().waitForEvent("page");
      await page.getByRole("link", { name: `${ui.legal[name]} ${ui.legal.show}` }).click();
      const tab = await opened;
      await expect(tab).toHaveURL(`${base}/${name}`);
      await expect(tab.getByRole("heading", { level: 1 })).toHaveText(ui.legal[name]);
      const shown = await tab.getByText(/^시행일: /).textContent();
      versions[name] = shown?.split(": ")[1];
      await tab.close();
    }
    await join.click();
    await expect(page.locator(".field-error")).toHaveCount(1);
    expect(signUps).toEqual([]);
    await page.getByLabel(words.consents.terms).check();
    await join.click();
    await expect(page.getByRole("navigation")).toBeVisible();
    expect(signUps).toHaveLength(1);

    await page.goto(settings);
    if (kind === "company") await page.locator("summary", { hasText: words.download }).click();
    const button = page.getByRole("button", { name: words.download });
    const downloading = page.waitForEvent("download");
    await button.click();
    const download = await downloading;
    const today = new Date().toLocaleDateString("sv", { timeZone: "Asia/Seoul" });
    expect(download.suggestedFilename()).toBe(`chatchat-${today}.json`);
    const data = JSON.parse(readFileSync(await download.path(), "utf8"));
    expect(data.account).toMatchObject({ kind, username });
    const consents = data.consents.map(({ document, version }: Record<string, string>) => [
      document,
      version,
    ]);
    expect(Object.fromEntries(consents)).toEqual(versions);
    await expect(page.getByText(words.downloaded)).toBeVisible();

    await button.click();
    // A minute may have passed since the first download.
    const refused = page.getByText(ui.retryIn(3_600)).or(page.getByText(ui.retryIn(3_540)));
    await expect(refused).toBeVisible();
    await expect(button).toHaveAttribute("aria-disabled", "true");
  });
}
