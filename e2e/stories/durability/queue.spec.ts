import { Conversation, counted, expect, test } from "../../support/story";

test.use({ engineEnv: { ENGINE_MAX_WORKERS: "1" } });

test("a queued chat says so, and is answered when a worker is free", async ({
  conversation,
  browser,
  app,
}) => {
  await conversation.ask("count to 400 at 50 ms");
  await conversation.sees(5);

  const somebodyElse = await browser.newContext();
  const waiting = new Conversation(await somebodyElse.newPage(), app);
  await waiting.page.goto(app.url);
  await waiting.ask("count to 3");
  await expect(waiting.page.getByText("Queued, starting shortly")).toBeVisible();
  await waiting.page.reload();
  await expect(waiting.page.getByText("Queued, starting shortly")).toBeVisible();

  await conversation.stopButton.click();
  await conversation.settles();
  await expect.poll(() => conversation.saved()).toHaveLength(2);
  app.engine.killWorkers();
  await expect(waiting.answerTexts.last()).toHaveText(counted(3));
  await somebodyElse.close();
});
