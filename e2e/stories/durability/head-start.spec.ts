import { counted, expect, test } from "../../support/story";

test.use({ engineEnv: [{ CHAT_START: "head-start" }, { scope: "worker" }] });

test("a new chat's first answer begins in the app's server, and outlives a reload and its death", async ({
  conversation,
  page,
  app,
}) => {
  const posted = page.waitForRequest((request) => new URL(request.url()).pathname === "/api/chat");
  await conversation.ask("count to 60 at 80 ms");
  await posted;
  await conversation.sees(4);
  await expect(page).toHaveURL(/\/chat\//);
  await page.reload();
  await expect(conversation.questions).toHaveCount(1);
  await conversation.sees(10);
  await conversation.stands([
    { role: "user", text: "count to 60 at 80 ms" },
    { role: "assistant", text: counted(60) },
  ]);
  // The next question goes to the worker.
  await conversation.ask("count to 3");
  await expect(conversation.answerTexts.last()).toHaveText(counted(3));

  await page.goto("/");
  await conversation.ask("count to 40 at 100 ms");
  await conversation.sees(5);
  await app.next.restart();
  // The server that died is given ten seconds, and the agent is asked then.
  await expect(conversation.answerTexts.last()).toHaveText(counted(40), { timeout: 60_000 });
  await conversation.stands([
    { role: "user", text: "count to 40 at 100 ms" },
    { role: "assistant", text: counted(40) },
  ]);
});

test("Stop ends the first step and keeps its text, and a call still asks for approval", async ({
  conversation,
  page,
}) => {
  await conversation.ask("count to 400 at 50 ms");
  await conversation.sees(3);
  await conversation.stopButton.click();
  await conversation.settles();
  await expect.poll(() => conversation.saved()).toHaveLength(2);
  await page.reload();
  await expect(conversation.answerTexts.last()).toContainText("0 1 2 3");
  await conversation.ask("count to 3");
  await expect(conversation.answerTexts.last()).toHaveText(counted(3));

  await page.goto("/");
  await conversation.ask("Refund 20 EUR of order A-1");
  await expect(page.getByRole("button", { name: /^Approve/ })).toBeVisible();
  await page.getByRole("button", { name: /^Approve/ }).click();
  await expect(conversation.answerTexts.last()).toContainText("no money moved");
});
