import { type Conversation, expect, test } from "../../support/story";

const password = "correct horse battery";
const chips = (chat: Conversation) =>
  chat.page.getByRole("list", { name: "Attachments" }).getByRole("listitem");

/** A chat in the middle of an answer, with a draft, an attached file, and a queued message. */
async function begin(chat: Conversation) {
  await chat.ask("count to 400 at 20 ms");
  await chat.sees(3);
  await chat.composer.fill("count to 3");
  await chat.page.keyboard.press("Enter");
  await chat.stopButton.click();
  await chat.settles();
  await chat.page.locator('input[type="file"]').setInputFiles({
    name: "winds.txt",
    mimeType: "text/plain",
    buffer: Buffer.from("08:00 calm\n"),
  });
  await expect(chips(chat).first()).toContainText("11 B");
  await chat.composer.fill("half a thought");
  await expect(chat.page.locator("[data-queued]")).toHaveCount(1);
}

const keptKeys = (chat: Conversation) =>
  chat.page.evaluate(() => Object.keys(localStorage).filter((key) => /draft|queue/.test(key)));

test("drafts, files and the queue move from guest to account, and are cleared at sign-out", async ({
  conversation: chat,
}) => {
  await begin(chat);
  const address = chat.page.url();
  await chat.page.goto("/settings");
  const form = chat.page.getByRole("form", { name: "Create an account" });
  await form.getByLabel("Email").fill(`${crypto.randomUUID()}@example.com`);
  await form.getByLabel("Password").fill(password);
  await form.getByRole("button", { name: "Create account" }).click();
  await expect(chat.page.getByText(/^Signed in as/)).toBeVisible();
  await chat.page.goto(address);
  await expect(chat.composer).toHaveValue("half a thought");
  await expect(chips(chat)).toContainText(["winds.txt"]);
  await expect(chat.page.locator("[data-queued]")).toHaveText(/count to 3/);

  await chat.page.goto("/settings");
  await chat.page.getByRole("button", { name: "Sign out" }).click();
  await expect(chat.page.getByText("Saved in this browser")).toBeVisible();
  expect(await keptKeys(chat)).toEqual([]);
});

test("deleting a chat clears its draft", async ({ conversation: chat, page }) => {
  await chat.ask("count to 3");
  await chat.settles();
  await chat.composer.fill("half a thought");
  expect(await keptKeys(chat)).toHaveLength(1);
  const row = page.locator('[data-slot="chat-row"]').first();
  await row.hover();
  await row.getByRole("button", { name: /^Actions for/ }).click();
  await page.getByRole("menuitem", { name: /^Delete/ }).click();
  await expect(page.getByText("Chat deleted")).toBeVisible();
  await expect.poll(() => keptKeys(chat)).toEqual([]);
  await page.getByRole("button", { name: "Undo" }).last().click();
  await expect.poll(() => keptKeys(chat)).toHaveLength(1);
});
