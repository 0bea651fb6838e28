import { expect, test, type Conversation } from "../../support/story";

/** A new chat, answered and saved. */
async function chatAbout(chat: Conversation, text: string): Promise<string> {
  await chat.page.goto("/");
  await chat.ask(text);
  await expect(chat.page).toHaveURL(/\/chat\//);
  await chat.settles();
  await expect.poll(() => chat.saved()).toHaveLength(2);
  // Leaving before the page marks it as read would leave it unread.
  const isRead = `SELECT 1 FROM "Chat" c JOIN "Message" m ON m."chatId" = c.id AND m.id = c."headId"
    WHERE c.id = $1 AND c."lastReadAt" >= m."createdAt"`;
  await expect.poll(() => chat.query(isRead, [chat.chatId()])).toHaveLength(1);
  return chat.chatId();
}

const list = (chat: Conversation) => chat.page.getByRole("navigation", { name: "Chats" });
const row = (chat: Conversation, title: string) => list(chat).getByRole("link", { name: title });

async function pick(chat: Conversation, title: string, item: string): Promise<void> {
  await row(chat, title).hover();
  await chat.page.getByRole("button", { name: `Actions for ${title}` }).click();
  await chat.page.getByRole("menuitem", { name: item }).click();
}

test("renaming, pinning and archiving a chat survive a reload", async ({ conversation: chat }) => {
  await chatAbout(chat, "count to 2");
  await chatAbout(chat, "count to 3");
  await pick(chat, "count to 2", "Rename");
  const box = chat.page.getByRole("textbox", { name: "Chat title" });
  await expect(box).toBeFocused();
  await box.fill("Two");
  await box.press("Enter");
  await expect(row(chat, "Two")).toBeFocused();

  await pick(chat, "Two", "Pin");
  await expect(list(chat).getByRole("region", { name: "Pinned" }).getByRole("link")).toHaveText(["Two"]);
  await pick(chat, "count to 3", "Archive");
  await expect(row(chat, "count to 3")).toHaveCount(0);

  await chat.page.reload();
  await expect(list(chat).getByRole("region", { name: "Pinned" }).getByRole("link")).toHaveText(["Two"]);
  await expect(row(chat, "count to 3")).toHaveCount(0);
  await list(chat).getByRole("button", { name: "Archived" }).click();
  await expect(row(chat, "count to 3")).toBeVisible();
  await pick(chat, "count to 3", "Unarchive");
  await list(chat).getByRole("button", { name: "Back to chats" }).click();
  await expect(row(chat, "count to 3")).toBeVisible();
});

test("a deleted chat disappears for everyone, and Undo restores all of it", async ({
  conversation: chat,
}) => {
  const id = await chatAbout(chat, "count to 4");
  await expect(chat.page).toHaveTitle(/^count to 4 · Holdfast$/i);
  await row(chat, "count to 4").focus();
  await chat.page.keyboard.press("Tab");
  await chat.page.keyboard.press("Enter");
  await expect(chat.page.getByRole("menu")).toBeVisible();
  await chat.page.keyboard.press("End");
  await chat.page.keyboard.press("Enter");
  await expect(chat.page).toHaveURL(/\/$/);
  await expect(chat.page).toHaveTitle("Holdfast");
  await expect(row(chat, "count to 4")).toHaveCount(0);
  await expect.poll(async () => (await chat.page.request.get(`/chat/${id}/export`)).status()).toBe(404);
  await expect.poll(async () => (await chat.page.request.get(`/chat/${id}`)).status()).toBe(404);

  await chat.page.getByRole("button", { name: "Undo" }).click();
  await expect(chat.page).toHaveURL(new RegExp(id));
  await expect(chat.answers).toHaveText([/0 1 2 3 4/]);
  await expect(row(chat, "count to 4")).toBeVisible();
});

test("the model titles a chat after its answer, and never replaces a person's title", async ({
  conversation: chat,
}) => {
  const question = "Explain to me how the tides of the North Sea work, briefly";
  await chatAbout(chat, question);
  await expect(row(chat, "How the tides of the North")).toBeVisible();
  await expect(chat.page).toHaveTitle(/^How the tides of the North.* · Holdfast$/);
  await pick(chat, "How the tides of the North", "Rename");
  await chat.page.getByRole("textbox", { name: "Chat title" }).fill("Mine");
  await chat.page.keyboard.press("Enter");
  await expect(row(chat, "Mine")).toBeVisible();
  await expect(chat.page).toHaveTitle("Mine · Holdfast");
  await chat.ask("count to 2");
  await chat.settles();
  await chat.page.reload();
  await expect(row(chat, "Mine")).toBeVisible();
});

test("an answer in another chat is marked as unread until that chat is opened", async ({
  conversation: chat,
}) => {
  await chatAbout(chat, "count to 1");
  await chat.page.goto("/");
  await chat.ask("count to 30 at 100 ms");
  await chat.sees(2);
  await row(chat, "count to 1").click();
  await expect(row(chat, "count to 30 at 100 ms")).toContainText("Answering");
  await expect(row(chat, "count to 30 at 100 ms")).toContainText("New answer");
  await row(chat, "count to 30 at 100 ms").click();
  await expect(chat.answers).toHaveText([/29 30/]);
  await row(chat, "count to 1").click();
  await expect(row(chat, "count to 30 at 100 ms")).not.toContainText("New answer");
});

test("a duplicated chat is independent of the original", async ({ conversation: chat }) => {
  const id = await chatAbout(chat, "My city is Oslo");
  await pick(chat, "My city is Oslo", "Duplicate chat");
  await expect(row(chat, "My city is Oslo (copy)")).toHaveAttribute("aria-current", "page");
  expect(chat.chatId()).not.toBe(id);
  await chat.ask("Which city?");
  await expect(chat.answers.last()).toHaveText(/Your city is Oslo/);
  await row(chat, "My city is Oslo").last().click();
  await expect(chat.page).toHaveURL(new RegExp(id));
  await expect(chat.answers).toHaveCount(1);
});

test("a duplicate is listed even if the list is being read while another chat is marked as read", async ({
  conversation: chat,
}) => {
  const { page } = chat;
  const id = await chatAbout(chat, "My city is Rome");
  let isMarked = false;
  page.on("response", (response) => {
    isMarked ||= response.request().postData() === JSON.stringify([id]);
  });
  // A read that started before the chat was marked is never answered.
  await page.route(/\/api\/chats\?/, (route) => (isMarked ? route.continue() : undefined));
  await pick(chat, "My city is Rome", "Duplicate chat");
  await expect(row(chat, "My city is Rome (copy)")).toHaveAttribute("aria-current", "page");
});

test("only its owner can export a chat, as Markdown and JSON", async ({ conversation: chat, browser }) => {
  const id = await chatAbout(chat, "count to 5");
  await row(chat, "count to 5").hover();
  await chat.page.getByRole("button", { name: "Actions for count to 5" }).click();
  const download = chat.page.waitForEvent("download");
  await chat.page.getByRole("menuitem", { name: "Export as Markdown" }).click();
  expect((await download).suggestedFilename()).toMatch(/^count to 5\.md$/i);
  const json = await chat.page.request.get(`/chat/${id}/export?format=json`);
  expect(((await json.json()) as { messages: unknown[] }).messages).toHaveLength(2);
  const stranger = await browser.newContext({ baseURL: chat.app.url });
  expect((await stranger.request.get(`/chat/${id}/export`)).status()).toBe(404);
  await stranger.close();
});

test("a shared link shows the branch to anyone until it is revoked", async ({
  conversation: chat,
  browser,
}) => {
  await chatAbout(chat, "count to 6");
  await chat.page.getByRole("button", { name: "Share" }).click();
  const dialog = chat.page.getByRole("dialog", { name: "Share this branch" });
  await dialog.getByRole("button", { name: "Create link" }).click();
  const address = await dialog.getByRole("textbox", { name: "Link" }).inputValue();

  const stranger = await browser.newContext();
  const page = await stranger.newPage();
  await page.goto(address);
  await expect(page.getByRole("heading", { name: "count to 6" })).toBeVisible();
  await expect(page.getByText("0 1 2 3 4 5 6")).toBeVisible();
  await expect(page.getByRole("textbox")).toHaveCount(0);
  await expect(page.locator('meta[name="robots"]')).toHaveAttribute("content", /noindex/);

  await dialog.getByRole("button", { name: /^Revoke/ }).click();
  await expect(dialog.getByRole("list", { name: "Links" })).toHaveCount(0);
  expect((await page.goto(address))?.status()).toBe(404);
  await stranger.close();
});

test("the sidebar stays collapsed after a reload, and works with the keyboard", async ({
  conversation: chat,
}) => {
  await chat.page.getByRole("button", { name: "Collapse sidebar" }).click();
  await expect(chat.page.getByRole("button", { name: "Expand sidebar" })).toBeFocused();
  await chat.page.reload();
  await expect(chat.page.getByRole("button", { name: "Expand sidebar" })).toBeVisible();
  await chat.page.getByRole("button", { name: "Search chats" }).click();
  await expect(chat.page.getByRole("searchbox", { name: "Search chats" })).toBeFocused();
});
