import { counted, expect, test } from "../../support/story";

const user = (text: string) => ({ role: "user" as const, text });
const assistant = (text: string | RegExp) => ({ role: "assistant" as const, text });

test(
  "queued messages can be changed, survive a reload, and are answered once and in order",
  { tag: "@promise" },
  async ({ conversation, page }) => {
    await conversation.ask("count to 150 at 60 ms");
    await conversation.sees(3);
    for (const text of ["count to 3", "count to 4", "never mind"]) {
      await conversation.composer.fill(text);
      await page.keyboard.press("Enter");
    }
    const queue = page.locator("[data-queued]");
    await expect(queue).toHaveCount(3);
    await page.reload();
    await expect(queue).toHaveCount(3);
    await queue
      .last()
      .getByRole("button", { name: /remove/i })
      .click();
    await expect(queue).toHaveCount(2);
    await expect(queue).toHaveCount(0, { timeout: 60_000 });
    await conversation.stands([
      user("count to 150 at 60 ms"),
      assistant(counted(150)),
      user("count to 3"),
      assistant(counted(3)),
      user("count to 4"),
      assistant(counted(4)),
    ]);
  },
);

test("after Stop the queue is paused", async ({ conversation, page }) => {
  await conversation.ask("count to 200 at 50 ms");
  await conversation.sees(3);
  await conversation.composer.fill("count to 3");
  await page.keyboard.press("Enter");
  await conversation.stopButton.click();
  await conversation.settles();
  await expect(page.locator("[data-queued]")).toHaveCount(1);
  await page.getByRole("button", { name: /send now/i }).click();
  await expect(conversation.answerTexts.last()).toContainText(counted(3));
  await expect(page.locator("[data-queued]")).toHaveCount(0);
});

test("steering reaches the answer at its next step, and is still in it after a reload", async ({
  conversation,
  page,
}) => {
  await conversation.ask("Research herons in three steps");
  await expect(conversation.answerTexts.last()).toContainText("I look up herons");
  await conversation.composer.fill("only in Norway");
  await page.keyboard.press("Control+Enter");
  const marker = page.locator('[data-slot="message-steering"]');
  await expect(marker).toHaveText("You added: only in Norway");
  await expect(conversation.answerTexts.last()).toContainText("I took that up");
  await conversation.settles();
  await expect(conversation.questions).toHaveCount(1);
  await page.reload();
  await expect(marker).toHaveText("You added: only in Norway");
  await expect(conversation.questions).toHaveCount(1);
});

test("a steering message isn't shown as pending once its answer is hidden", async ({
  conversation,
  page,
}) => {
  await conversation.ask("Research herons in three steps");
  await expect(conversation.answerTexts.last()).toContainText("I look up herons");
  await conversation.composer.fill("only in Norway");
  await page.keyboard.press("Control+Enter");
  const onItsWay = page.getByRole("list", { name: "Steering the answer" });
  await expect(onItsWay).toBeVisible();
  await expect(conversation.answerTexts.last()).toContainText("I took that up");
  await conversation.settles();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(conversation.questions).toHaveCount(0);
  await expect(onItsWay).toHaveCount(0);
});

test("a file can't steer: it is queued with its text, and reaches the model", async ({
  conversation,
  page,
}) => {
  await conversation.ask("count to 60 at 50 ms");
  await conversation.sees(3);
  await conversation.composer.fill("What is in it?");
  await expect(page.getByRole("button", { name: "Steer" })).toBeVisible();
  await page
    .locator('input[type="file"]')
    .setInputFiles({ name: "tides.txt", mimeType: "text/plain", buffer: Buffer.from("06:12 high\n") });
  await expect(page.getByRole("button", { name: "Queue" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Steer" })).toHaveCount(0);
  await conversation.composer.press("Control+Enter");
  await expect(page.locator("[data-queued]")).toHaveCount(1);
  await expect(conversation.answerTexts.last()).toContainText('It begins: "06:12 high"', { timeout: 30_000 });
});

test("a steering message that no step picks up becomes the next prompt", async ({ conversation, page }) => {
  await conversation.ask("count to 60 at 50 ms");
  await conversation.sees(3);
  await conversation.composer.fill("count to 4");
  await page.keyboard.press("Control+Enter");
  await conversation.stands([
    user("count to 60 at 50 ms"),
    assistant(counted(60)),
    user("count to 4"),
    assistant(counted(4)),
  ]);
});
