import { type Conversation, counted, expect, test } from "../../support/story";

async function stopHalfway(conversation: Conversation, last: number) {
  await conversation.ask(`count to ${last} at 50 ms`);
  await conversation.sees(5);
  await conversation.stopButton.click();
  await conversation.settles();
}

test("a stopped answer can be continued, also after a reload", async ({ conversation, page }) => {
  await stopHalfway(conversation, 60);
  await expect(page.getByText("This answer was stopped.")).toBeVisible();
  await page.reload();
  await page.getByRole("button", { name: "Continue", exact: true }).click();
  await conversation.settles();
  await expect(conversation.answerTexts.last()).toContainText(/\b60$/);
  const words = (await conversation.answerTexts.allTextContents()).join(" ").match(/\d+/g);
  expect(words?.join(" ")).toBe(counted(60));
  await expect(page.getByText("This answer was stopped.")).toHaveCount(0);
});

test("a stopped answer can be regenerated, and is kept as a version", async ({ conversation, page }) => {
  await stopHalfway(conversation, 40);
  await page
    .getByRole("group", { name: "Unfinished answer" })
    .getByRole("button", { name: "Regenerate" })
    .click();
  await conversation.settles();
  await expect(conversation.answerTexts.last()).toContainText(counted(40));
  await expect(conversation.answers.last().getByLabel("Version 2 of 2").first()).toBeVisible();
});

test("a stopped answer can be discarded without a new turn, and redo restores it", async ({
  conversation,
  page,
}) => {
  await stopHalfway(conversation, 40);
  await page.getByRole("button", { name: "Discard" }).click();
  const unanswered = page.getByRole("group", { name: "Unanswered question" });
  await expect(unanswered).toBeVisible();
  await expect(conversation.answers).toHaveCount(0);
  await page.reload();
  await expect(unanswered).toBeVisible();
  await page.getByRole("button", { name: "Redo" }).click();
  await expect(page.getByText("This answer was stopped.")).toBeVisible();
  await expect(conversation.answerTexts.last()).toContainText("0 1 2 3 4 5");
  await page.getByRole("button", { name: "Discard" }).click();
  await unanswered.getByRole("button", { name: "Try again" }).click();
  await conversation.settles();
  await expect(conversation.answerTexts.last()).toContainText(counted(40));
  await expect(unanswered).toHaveCount(0);
});
