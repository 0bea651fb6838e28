/**
 * On an engine that doesn't continue dead runs, such as Trigger.dev, an open page revives the run that it waits for.
 */
import { counted, expect, test } from "../../support/story";

test.use({ engineEnv: { ENGINE_MODE: "platform" } });
test.describe.configure({ timeout: 180_000 });

const user = (text: string) => ({ role: "user" as const, text });
const assistant = (text: string | RegExp) => ({ role: "assistant" as const, text });

/** Ten seconds of silence, and a worker's start on a busy machine. */
const revived = { timeout: 90_000 };

test("after a worker dies, the open page gets the whole answer", async ({ conversation, app }) => {
  await conversation.ask("count to 60 at 50 ms");
  await conversation.sees(10);
  app.engine.killWorkers();
  await expect(conversation.answerTexts.last()).toHaveText(counted(60), revived);
  await conversation.stands([user("count to 60 at 50 ms"), assistant(counted(60))]);
});

test(
  "after a worker dies, loading the page recovers the answer",
  { tag: "@promise" },
  async ({ conversation, page, app }) => {
    await conversation.ask("count to 60 at 50 ms");
    await conversation.sees(10);
    app.engine.killWorkers();
    await page.reload();
    await expect(conversation.answerTexts.last()).toHaveText(counted(60), revived);
    await conversation.stands([user("count to 60 at 50 ms"), assistant(counted(60))]);
  },
);

test("after a worker dies, the answer completes without an open page", async ({
  conversation,
  page,
  app,
}) => {
  await conversation.ask("count to 40 at 50 ms");
  await conversation.sees(10);
  const chatId = conversation.chatId();
  app.engine.killWorkers();
  await page.goto("about:blank");
  await expect
    .poll(() => conversation.query(`SELECT status FROM "Chat" WHERE id = $1`, [chatId]), revived)
    .toEqual([{ status: "idle" }]);
  await page.goto(`/chat/${chatId}`);
  await conversation.shows([user("count to 40 at 50 ms"), assistant(counted(40))]);
});

test("a prompt that kills every worker ends as failed with Retry, also after a reload", async ({
  conversation,
  page,
}) => {
  await conversation.ask("crash the worker every time");
  const status = page.locator('[data-slot="turn-status"]');
  await expect(status).toHaveAttribute("data-state", "failed", { timeout: 120_000 });
  await expect(conversation.questions).toHaveText("crash the worker every time");
  await page.reload();
  await expect(conversation.questions).toHaveText("crash the worker every time");
  await expect(status).toHaveAttribute("data-state", "failed");
  await expect(status.getByRole("button", { name: "Retry" })).toBeVisible();
  const row = page.getByRole("navigation").getByRole("link", { name: /crash the worker/ });
  await expect(row).toBeVisible();
  await expect(row).not.toContainText(/answering|running/i);
});
