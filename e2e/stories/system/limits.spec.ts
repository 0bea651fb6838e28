import { Conversation, expect, test } from "../../support/story";

test.use({
  engineEnv: [
    { LIMIT_CHAT_STARTS: "2/600", LIMIT_MESSAGES: "3/600", LIMIT_UPLOADS: "1/600", LIMIT_COPIES: "1/600" },
    { scope: "worker" },
  ],
});

const file = (name: string) => ({ name, mimeType: "text/plain", buffer: Buffer.from("Notes") });

test("actions over the limit are refused with a sentence in place, and nothing is lost", async ({
  conversation,
  page,
}) => {
  for (const text of ["count to 2", "count to 3", "count to 4"]) {
    await conversation.ask(text);
    await conversation.settles();
    await expect(conversation.questions.last()).toHaveText(text);
  }
  await conversation.ask("count to 5");
  await expect(
    page.getByText(/You've sent a lot of messages in a short time\. Try again in \d+ minutes\./),
  ).toBeVisible();
  await expect(conversation.composer).toHaveValue("count to 5");
  await expect(conversation.questions).toHaveCount(3);
  await page.reload();
  await expect(conversation.composer).toHaveValue("count to 5");

  await page.locator('input[type="file"]').setInputFiles([file("a.txt"), file("b.txt")]);
  const chips = page.getByRole("list", { name: "Attachments" });
  await expect(
    chips.getByText(/You've uploaded a lot of files in a short time\. Try again in \d+ minutes\./),
  ).toHaveCount(1);
});

test("chats started too fast are refused, and the prompt stays in the box", async ({
  conversation,
  page,
}) => {
  await conversation.ask("count to 2");
  await conversation.settles();
  await page.goto("/");
  await conversation.ask("count to 2");
  await conversation.settles();
  await page.goto("/");
  await conversation.ask("count to 7");
  await expect(
    page.getByText(/You've started a lot of chats in a short time\. Try again in \d+ minutes\./),
  ).toBeVisible();
  await expect(conversation.composer).toHaveValue("count to 7");
  await expect(page).toHaveURL(/\/$/);
});

test("someone at another address isn't limited", async ({ browser, app }) => {
  const context = await browser.newContext({ baseURL: app.url });
  const page = await context.newPage();
  await page.goto("/");
  const other = new Conversation(page, app);
  await other.ask("count to 2");
  await other.settles();
  await expect(other.answerTexts.last()).toContainText("2");
  await context.close();
});
