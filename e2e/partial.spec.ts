import { counted, expect, test } from "./support/story";

test("an answer that was stopped can be gone on with, also after a reload", async ({
  conversation,
  page,
}) => {
  await conversation.ask("count to 60 at 50 ms");
  await conversation.sees(5);
  await conversation.stopButton.click();
  await conversation.settles();
  await expect(page.getByText("This answer is not finished.")).toBeVisible();
  await page.reload();
  await page.getByRole("button", { name: "Continue", exact: true }).click();
  await conversation.settles();
  await expect(conversation.answers.last()).toContainText(/\b60$/);
  const words = (await conversation.answers.allTextContents()).join(" ").match(/\d+/g);
  expect(words?.join(" ")).toBe(counted(60));
  await expect(page.getByText("This answer is not finished.")).toHaveCount(0);
});

test("an answer that was stopped can be asked for again, and stays as a version", async ({
  conversation,
  page,
}) => {
  await conversation.ask("count to 40 at 50 ms");
  await conversation.sees(5);
  await conversation.stopButton.click();
  await conversation.settles();
  await page.getByRole("button", { name: "Discard" }).click();
  await conversation.settles();
  await expect(conversation.answers.last()).toContainText(counted(40));
  await expect(conversation.answers.last().getByLabel("Version 2 of 2").first()).toBeVisible();
});
