import { startOpenAiServer, type OpenAiServer } from "../../support/openai-server";
import { expect, test as base } from "../../support/story";

/** An app with two models on its own server, because the other stories use only the demo model. */
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
    ({ modelServer }, provide) => provide({ OPENAI_BASE_URL: modelServer.url, OPENAI_MODEL: "small,large" }),
    { scope: "worker" },
  ],
});

test("a chat keeps its model, also after a reload, and a new chat uses the default", async ({
  conversation,
  modelServer,
  page,
}) => {
  const reply = { type: "text", pieces: ["A model", " answered."] } as const;
  modelServer.script(...Array.from({ length: 8 }, () => ({ ...reply, pieces: [...reply.pieces] })));
  const askedModels = () => modelServer.requests.map(({ body }) => body.model);
  const saved = () =>
    conversation.query<{ model: string }>(`SELECT model FROM "Chat" WHERE id = $1`, [conversation.chatId()]);
  const picker = page.getByRole("combobox", { name: "Model" });

  await expect(picker.getByRole("option")).toHaveText([/^small .*\(default\)$/, /^large/]);
  await picker.selectOption("compatible/large");
  await conversation.ask("Who are you?");
  await expect(conversation.answerTexts.last()).toHaveText("A model answered.");
  await conversation.settles();
  expect(askedModels()).toContain("large");
  expect(askedModels()).not.toContain("small");
  expect(await saved()).toEqual([{ model: "compatible/large" }]);

  await expect.poll(() => conversation.saved()).toHaveLength(2);
  await page.reload();
  await expect(picker).toHaveValue("compatible/large");
  await picker.selectOption("compatible/small");
  await expect.poll(saved).toEqual([{ model: "compatible/small" }]);
  await conversation.ask("And now?");
  await expect(conversation.answers).toHaveCount(2);
  await expect(conversation.answerTexts.last()).toHaveText("A model answered.");
  expect(askedModels()).toContain("small");

  await picker.selectOption("compatible/large");
  await expect.poll(saved).toEqual([{ model: "compatible/large" }]);
  await page.getByRole("link", { name: "New chat" }).click();
  await expect(page).not.toHaveURL(/\/chat\//);
  await expect(picker).toHaveValue("compatible/small");
});
