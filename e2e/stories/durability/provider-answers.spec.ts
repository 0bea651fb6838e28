import { startOpenAiServer, type OpenAiServer, type Reply } from "../../support/openai-server";
import { expect, test as base } from "../../support/story";

/** How a provider's early endings of an answer look to its reader. */
const test = base.extend<object, { modelServer: OpenAiServer }>({
  modelServer: [
    // oxlint-disable-next-line no-empty-pattern
    async ({}, provide) => {
      const server = await startOpenAiServer();
      await provide(server);
      await server.close();
    },
    { scope: "worker" },
  ],
  engineEnv: [
    ({ modelServer }, provide) => provide({ OPENAI_BASE_URL: modelServer.url, OPENAI_MODEL: "small" }),
    { scope: "worker" },
  ],
});

test.beforeEach(({ modelServer }) => modelServer.reset());

const ended = (content: string, finish_reason: string): Reply => ({
  type: "chunks",
  chunks: [
    { choices: [{ index: 0, delta: { content }, finish_reason: null }] },
    { choices: [{ index: 0, delta: {}, finish_reason }] },
  ],
});

test("a failed turn's error isn't shown for the next turn", async ({ conversation, modelServer, page }) => {
  const down: Reply = { type: "status", status: 502, message: "bad gateway" };
  modelServer.script(
    down,
    down,
    down,
    { type: "status", status: 429, message: "slow down", headers: { "retry-after": "1" } },
    { type: "text", pieces: ["A whole ", "answer."] },
  );
  const status = page.getByRole("status", { name: "Turn status" });
  await conversation.ask("one");
  await expect(status).toContainText("problem of its own");
  await expect
    .poll(() => conversation.query(`SELECT status FROM "Chat" WHERE id = $1`, [conversation.chatId()]))
    .toEqual([{ status: "failed" }]);
  await page.reload();
  await expect(status).toContainText("problem of its own");
  await conversation.ask("two");
  await expect(conversation.answerTexts.last()).toHaveText("A whole answer.");
  await expect(status).toContainText("Answer finished");
  await expect(page.getByRole("button", { name: "Retry" })).toHaveCount(0);
});

test("a cut-off answer says so, also after a reload, and can be continued", async ({
  conversation,
  modelServer,
  page,
}) => {
  modelServer.script(ended("The tide turns twice a", "length"), { type: "text", pieces: ["day."] });
  const notice = page.getByRole("group", { name: "How this answer ended" });
  await conversation.ask("How often does the tide turn?");
  await expect(notice).toContainText("Cut off at the model's limit.");
  await expect(page.getByRole("status", { name: "Turn status" })).toContainText("Cut off");
  await expect.poll(() => conversation.saved()).toHaveLength(2);
  await page.reload();
  await expect(notice).toContainText("Cut off at the model's limit.");
  await notice.getByRole("button", { name: "Continue" }).click();
  await expect(conversation.answerTexts.last()).toHaveText("day.");
  await expect(notice).toHaveCount(0);
});

test("an empty answer says so and can be regenerated", async ({ conversation, modelServer, page }) => {
  modelServer.script(ended("", "stop"), { type: "text", pieces: ["Twice a day."] });
  const notice = page.getByRole("group", { name: "How this answer ended" });
  await conversation.ask("How often does the tide turn?");
  await expect(notice).toContainText("The model returned an empty answer.");
  await notice.getByRole("button", { name: "Regenerate" }).click();
  await expect(conversation.answerTexts.last()).toHaveText("Twice a day.");
  await expect(notice).toHaveCount(0);
});
