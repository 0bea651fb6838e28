import type { Locator, Page } from "@playwright/test";
import { type Conversation, expect, test } from "../../support/story";

const palette = (page: Page) => page.getByRole("dialog", { name: "Command palette" });
const box = (page: Page) => palette(page).getByRole("combobox");
const option = (page: Page, name: string | RegExp) => palette(page).getByRole("option", { name });
const shortcuts = (page: Page) => page.getByRole("dialog", { name: "Keyboard shortcuts" });

/** Once the composer has the focus, the page is hydrated. */
async function isAlive(chat: Conversation): Promise<void> {
  await expect(chat.composer).toBeFocused();
}

async function run(page: Page, command: string): Promise<void> {
  await page.keyboard.press("Control+k");
  // New results don't change the selection.
  await expect(option(page, command).first()).toBeVisible();
  await box(page).fill(command);
  await expect(palette(page).locator('[aria-selected="true"]')).toContainText(command);
  await page.keyboard.press("Enter");
  await expect(palette(page)).toHaveCount(0);
}

async function answered(chat: Conversation, text: string): Promise<string> {
  await chat.page.goto("/");
  await chat.ask(text);
  await expect(chat.page).toHaveURL(/\/chat\//);
  await chat.settles();
  await expect.poll(() => chat.saved()).toHaveLength(2);
  return chat.chatId();
}

test("Ctrl+K loads and opens the palette, and closes it again", async ({ page }) => {
  const scripts: Array<Promise<string>> = [];
  page.on("response", (response) => {
    if (response.request().resourceType() === "script") scripts.push(response.text());
  });
  const hasPalette = async () => (await Promise.all(scripts)).some((code) => code.includes("cmdk-input"));
  await page.goto("/");
  const composer = page.getByRole("textbox", { name: "Message" });
  await expect(composer).toBeFocused();
  await composer.fill("half a thought");
  expect(await hasPalette()).toBe(false);

  await page.keyboard.press("Control+k");
  await expect(box(page)).toBeFocused();
  expect(await hasPalette()).toBe(true);
  await page.keyboard.press("Control+k");
  await expect(palette(page)).toHaveCount(0);
  await expect(composer).toBeFocused();
  await expect(composer).toHaveValue("half a thought");

  await page.keyboard.press("Control+k");
  await page.keyboard.press("Escape");
  await expect(palette(page)).toHaveCount(0);
  await expect(composer).toBeFocused();
});

test("the palette opens chats, search results and other pages", async ({ conversation: chat }) => {
  const { page } = chat;
  const tides = await answered(chat, "count to 2");
  const harbour = await answered(chat, "My favourite word is harbourmaster");

  await page.keyboard.press("Control+k");
  await expect(option(page, /harbourmaster/)).toContainText("current");
  await page.keyboard.type("count");
  await expect(palette(page).getByRole("option").first()).toHaveText(/count to 2/i);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(tides));

  await page.keyboard.press("Control+k");
  await page.keyboard.type("favourite word");
  await option(page, "Search chats for “favourite word”").click();
  await expect(
    option(page, /favourite word/)
      .locator("mark")
      .first(),
  ).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(harbour));

  await run(page, "New chat");
  await expect(page).toHaveURL(/\/$/);
  await isAlive(chat);
  await run(page, "Inbox");
  await expect(page).toHaveURL(/\/inbox$/);
  await run(page, "Settings");
  await expect(page).toHaveURL(/\/settings$/);
  await run(page, "Dark theme");
  await expect(page.locator("html")).toHaveClass(/\bdark\b/);
  await page.keyboard.press("Control+k");
  await expect(option(page, "Dark theme")).toContainText("current");
});

test("the palette stops, undoes, redoes, shares and exports the open chat, and hides unavailable commands", async ({
  conversation: chat,
}) => {
  const { page } = chat;
  await isAlive(chat);
  await page.keyboard.press("Control+k");
  await expect(option(page, "New chat")).toBeVisible();
  await expect(option(page, /Stop|Undo|Redo|Share|Export/)).toHaveCount(0);
  await page.keyboard.press("Escape");

  await chat.ask("count to 500 at 200 ms");
  await chat.sees(1);
  await run(page, "Stop the answer");
  await expect(page.getByRole("status", { name: "Turn status" })).toContainText("You stopped this answer");
  await chat.settles();

  await run(page, "Undo the last exchange");
  await expect(chat.questions).toHaveCount(0);
  await run(page, "Redo");
  await expect(chat.questions).toHaveCount(1);

  const download = page.waitForEvent("download");
  await run(page, "Export as Markdown");
  expect((await download).suggestedFilename()).toMatch(/\.md$/);

  await chat.composer.focus();
  await run(page, "Share this branch");
  const dialog = page.getByRole("dialog", { name: "Share this branch" });
  await expect(dialog).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await expect(chat.composer).toBeFocused();
});

test("? lists the shortcuts outside of fields, and so do the palette and the settings", async ({
  conversation: chat,
}) => {
  const { page } = chat;
  await isAlive(chat);
  await page.keyboard.press("?");
  await expect(chat.composer).toHaveValue("?");
  await expect(shortcuts(page)).toHaveCount(0);

  const link: Locator = page.getByRole("link", { name: "New chat" });
  await link.focus();
  await page.keyboard.press("?");
  await expect(shortcuts(page).getByText("Open the command palette")).toBeVisible();
  // Doesn't open over another dialog.
  await page.keyboard.press("Control+k");
  await expect(palette(page)).toHaveCount(0);
  await page.keyboard.press("Escape");
  await expect(shortcuts(page)).toHaveCount(0);
  await expect(link).toBeFocused();

  await run(page, "Keyboard shortcuts");
  await expect(shortcuts(page)).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(link).toBeFocused();

  await page.goto("/settings");
  const all = page.getByRole("button", { name: "All shortcuts" });
  await all.click();
  await expect(shortcuts(page)).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(all).toBeFocused();
});
