import { counted, expect, test } from "../../support/story";

const user = (text: string) => ({ role: "user" as const, text });
const assistant = (text: string | RegExp) => ({ role: "assistant" as const, text });

test("a message that kills every worker has failed, also after a reload, and can be retried", async ({
  conversation,
  page,
}) => {
  // Two attempts kill several workers, and each death must be noticed.
  test.slow();
  await conversation.ask("count to 3");
  await conversation.settles();
  await conversation.ask("Crash the worker every time");
  // The engine's message, or our own if the engine has none.
  const failed = page.getByText(
    /^Something went wrong: The agent crashed( several times)? while answering this message\.$/,
  );
  await expect(failed).toBeVisible({ timeout: 60_000 });

  await page.reload();
  await expect(failed).toBeVisible();
  await expect(page.getByRole("button", { name: "Retry" })).toBeVisible();
  await conversation.settles();
  expect(
    await conversation.query(`SELECT status FROM "Chat" WHERE id = $1`, [conversation.chatId()]),
  ).toEqual([{ status: "failed" }]);

  await page.getByRole("button", { name: "Retry" }).click();
  await expect(page.getByText(/^Something went wrong/)).toHaveCount(0);
  await expect(failed).toBeVisible({ timeout: 60_000 });
  await conversation.ask("count to 4");
  await conversation.settles();
  const stands = async () => {
    await expect(conversation.questions).toHaveText([
      /count to 3/,
      /Crash the worker every time/,
      /count to 4/,
    ]);
    await expect(conversation.answerTexts.last()).toHaveText(counted(4));
    await expect(page.getByText(/Something went wrong/)).toHaveCount(0);
  };
  await stands();
  await page.reload();
  await stands();
});

test("the running tool is named", async ({ conversation, page }) => {
  await conversation.ask("Research durable chats in three steps");
  await expect(page.getByRole("status", { name: "Turn status" })).toHaveText(/^Using \S+…$/);
  await conversation.stopButton.click();
  await conversation.settles();
});

test("the page says that it's offline, and sends messages when it's back online", async ({
  conversation,
  page,
  context,
}) => {
  await conversation.ask("count to 3");
  await conversation.settles();
  await context.setOffline(true);
  await expect(
    page.getByText("You're offline. Nothing is lost; it continues when you reconnect"),
  ).toBeVisible();
  await conversation.ask("count to 4");
  await expect(conversation.questions).toHaveCount(2);
  await context.setOffline(false);
  await expect(page.getByText(/^You are offline/)).toHaveCount(0);
  await conversation.stands([
    user("count to 3"),
    assistant(counted(3)),
    user("count to 4"),
    assistant(counted(4)),
  ]);
});

test("a card that can't be sent says why, and can be pressed again", async ({ conversation, page }) => {
  await page.route("**/in/append", (route) =>
    route.fulfill({ status: 413, json: { error: "The record would be larger than 1 MiB" } }),
  );
  const card = page.locator('[data-slot="first-run-card"]').first();
  await card.click();
  await expect(page.getByRole("alert").filter({ hasText: "That didn't work." })).toBeVisible();
  await page.unroute("**/in/append");
  await card.click();
  await conversation.settles();
  await expect(conversation.answers).toHaveCount(1);
  await expect(page.getByRole("alert").filter({ hasText: "That didn't work." })).toHaveCount(0);
});

test("a refused message stays in the box, and the second try sends it", async ({ conversation, page }) => {
  await conversation.ask("count to 3");
  await conversation.settles();
  await page.route("**/in/append", (route) =>
    route.fulfill({ status: 413, json: { error: "The record would be larger than 1 MiB" } }),
  );
  await conversation.ask("count to 4");
  await expect(page.getByRole("alert").filter({ hasText: "Not sent." })).toBeVisible();
  await expect(conversation.composer).toHaveValue("count to 4");
  await expect(conversation.questions).toHaveCount(1);
  await page.unroute("**/in/append");
  await page.getByRole("button", { name: "Try again" }).click();
  await conversation.stands([
    user("count to 3"),
    assistant(counted(3)),
    user("count to 4"),
    assistant(counted(4)),
  ]);
});
