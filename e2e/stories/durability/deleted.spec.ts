/** A chat is deleted while it is open elsewhere: open pages say so, and nothing continues in the background. */
import { expect, test, type Conversation } from "../../support/story";

const NOTICE = "This chat was deleted in another tab or on another device.";

async function deleteFromList({ page }: Conversation) {
  const row = page.getByRole("navigation", { name: "Chats" }).locator('[aria-current="page"]');
  await row.focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await expect(page.getByText("Chat deleted")).toBeVisible();
}

test("deleting a chat during an answer stops its run, and the other tab says so and disconnects", async ({
  conversation: chat,
  context,
  app,
}) => {
  await chat.ask("count to 1");
  await chat.settles();
  await chat.ask("count to 3000 at 200 ms");
  await chat.sees(3);
  const id = chat.chatId();
  const other = await context.newPage();
  await other.goto(`/chat/${id}`);
  await expect(other.locator('[data-slot="message"][data-role="assistant"]').last()).toContainText(/\b5\b/);

  const session = async () => {
    const headers = { authorization: `Bearer ${app.engine.secretKey}` };
    const answer = await fetch(`${app.engine.url}/api/v1/sessions/${id}`, { headers });
    return { status: answer.status, ...((await answer.json()) as { currentRun?: unknown }) };
  };
  await deleteFromList(chat);
  await expect(other.getByText(NOTICE).first()).toBeVisible();
  await expect.poll(async () => (await session()).currentRun).toBeNull();

  await expect(other.getByRole("button", { name: "Stop", exact: true })).toHaveCount(0);
  const composer = other.getByRole("textbox", { name: "Message" });
  await composer.fill("and then this");
  await composer.press("Enter");
  await expect(composer).toHaveValue("and then this");
  await expect(other.getByRole("button", { name: "Queue", exact: true })).toHaveCount(0);
  await expect(other.getByRole("button", { name: "Send", exact: true })).toBeDisabled();
  await expect(other.locator('[data-slot="message"][data-role="user"]')).toHaveCount(2);

  await chat.page.getByRole("button", { name: "Undo" }).click();
  await expect(chat.page).toHaveURL(new RegExp(`/chat/${id}$`));
  await chat.ask("count to 2");
  await expect(chat.answerTexts.last()).toHaveText("0 1 2");
  await chat.settles();
  await other.reload();
  await expect(other.getByText(NOTICE)).toHaveCount(0);
  await expect(other.locator('[data-slot="message"][data-role="user"]')).toHaveCount(3);
});

test("an idle tab shows that its chat was deleted, and a hidden tab learns it at the first key press", async ({
  conversation: chat,
  context,
}) => {
  await chat.ask("count to 2");
  await chat.settles();
  const id = chat.chatId();
  const [resting, offline] = [await context.newPage(), await context.newPage()];
  for (const page of [resting, offline]) {
    await page.goto(`/chat/${id}`);
    await expect(page.locator('[data-slot="message"]')).toHaveCount(2);
  }
  // The page hears nothing from the engine from now on, as with a dead connection.
  await offline.route("**/engine/**/out", (route) => route.abort());
  await resting.bringToFront();
  await chat.page.bringToFront();
  await deleteFromList(chat);
  await resting.bringToFront();
  await expect(resting.getByText(NOTICE).first()).toBeVisible();

  await offline.bringToFront();
  await offline.getByRole("textbox", { name: "Message" }).fill("hello?");
  await offline.getByRole("textbox", { name: "Message" }).press("Enter");
  await expect(offline.getByText(NOTICE).first()).toBeVisible();
  await expect(offline.getByRole("textbox", { name: "Message" })).toHaveValue("hello?");
});

test("Delete everything leaves nothing in the engine", async ({ conversation: chat, app }) => {
  await chat.ask("count to 2");
  await chat.settles();
  const id = chat.chatId();
  const { page } = chat;
  await page.goto("/settings");
  await page.getByRole("button", { name: "Delete everything" }).click();
  await page.getByRole("dialog").getByRole("textbox").fill("delete everything");
  await page.getByRole("dialog").getByRole("button", { name: "Delete everything" }).click();
  const headers = { authorization: `Bearer ${app.engine.secretKey}` };
  await expect
    .poll(async () => (await fetch(`${app.engine.url}/api/v1/sessions/${id}`, { headers })).status)
    .toBe(404);
});
