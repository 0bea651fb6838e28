/** Details of the page: dates, versions, titles, copying and dropping. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Conversation, expect, test } from "../../support/story";

test("a tab that is left open past midnight says Yesterday", async ({ conversation, page }) => {
  await conversation.ask("count to 3");
  await conversation.settles();
  await page.clock.install();
  await page.reload();
  const group = (name: string) => page.getByRole("region", { name, exact: true });
  await expect(group("Today")).toContainText(/count to 3/i);
  await page.clock.fastForward("24:00:00");
  await expect(group("Yesterday")).toContainText(/count to 3/i);
  await expect(group("Today")).toHaveCount(0);
});

test('the request bar says "in another version" as soon as another version is shown', async ({
  conversation,
  page,
}) => {
  const bar = page.getByRole("region", { name: "Needs your answer" });
  await conversation.ask("Ask me something");
  await expect(bar).toBeVisible();
  await expect(bar).not.toContainText("in another version");
  await conversation.settles();
  await conversation.questions.first().hover();
  await page.getByRole("button", { name: "Edit message", exact: true }).click();
  await page.getByRole("textbox", { name: "Edit your message" }).fill("count to 3");
  await page.keyboard.press("Enter");
  await expect(conversation.answers.last()).toContainText("0 1 2 3");
  await conversation.settles();
  await expect(bar).toContainText("in another version");

  // Requests can't be read from now on: the page already knows what it shows.
  await page.route(/\/api\/(chats\/[^/]+\/)?requests$/, (route) => route.abort());
  await conversation.questions.first().hover();
  await page.getByRole("button", { name: "Previous version" }).click();
  await expect(conversation.questions).toHaveText([/Ask me something/]);
  await expect(bar).toBeVisible();
  await expect(bar).not.toContainText("in another version");
  await page.unrouteAll({ behavior: "wait" });
});

test("the titles of two tabs show the same number of requests without a poll", async ({
  conversation,
  page,
  context,
}) => {
  const other = await context.newPage();
  // This tab doesn't poll, so only the first tab can tell it.
  await other.addInitScript(() => Object.assign(window, { setInterval: () => 0 }));
  await other.goto("/settings");
  await expect(other).toHaveTitle(/^Settings/);
  await conversation.ask("Ask me something");
  await expect(page).toHaveTitle(/^\(1\) /);
  await expect(other).toHaveTitle(/^\(1\) Settings/);
  const card = page.getByRole("article", { name: "Which lamp should be sent instead?" });
  await card.getByRole("radio", { name: /Dune lamp/ }).check();
  await card.getByRole("button", { name: "Answer" }).click();
  await expect(page).not.toHaveTitle(/^\(/);
  await expect(other).toHaveTitle(/^Settings/);
});

test("copying works over plain http, and keeps focus and scroll position", async ({ page, app }) => {
  await page.goto(`http://holdfast.test:${app.port}/`);
  expect(await page.evaluate(() => window.isSecureContext)).toBe(false);
  const conversation = new Conversation(page, app);
  await conversation.ask("count to 3");
  await conversation.settles();
  await conversation.answers.last().hover();
  const copy = conversation.answers.last().getByRole("button", { name: "Copy", exact: true });
  await copy.click();
  await expect(page.getByText("Copied", { exact: true })).toBeAttached();
  await expect(copy).toBeFocused();
  await conversation.composer.focus();
  await page.keyboard.press("ControlOrMeta+v");
  await expect(conversation.composer).toHaveValue("0 1 2 3");
});

test("a dropped folder is refused with a reason, and the file beside it is attached", async ({
  conversation,
  page,
  context,
}) => {
  await expect(conversation.composer).toBeEnabled();
  await page
    .locator("[data-slot=message-list-scroller][data-ready], [data-slot=first-run]")
    .first()
    .waitFor();
  const folder = mkdtempSync(path.join(os.tmpdir(), "holdfast-folder-"));
  const file = path.join(folder, "tides.txt");
  writeFileSync(file, "06:12 high\n");
  const browser = await context.newCDPSession(page);
  const drop = async (files: string[]) => {
    for (const type of ["dragEnter", "dragOver", "drop"] as const)
      await browser.send("Input.dispatchDragEvent", {
        type,
        x: 600,
        y: 400,
        data: { items: [], files, dragOperationsMask: 1 },
      });
  };
  const chips = page.locator("[data-slot=attachment-chip]");
  await drop([folder]);
  await expect(page.getByText("Folders can't be attached.")).toBeVisible();
  await expect(chips).toHaveCount(0);
  await drop([folder, file]);
  await expect(chips).toHaveCount(1);
  await expect(chips).toContainText("tides.txt");
  await expect(page.getByText("Folders can't be attached.")).toBeVisible();
  await expect(page.getByText("connection")).toHaveCount(0);
  rmSync(folder, { recursive: true });
});
