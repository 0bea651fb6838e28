/** Waiting for a person, in the browser: asked, reloaded, decided, gone on with in the same message. */
import { expect, test } from "./support/story";

test("a question survives a reload, and its answer goes on in the same message", async ({
  conversation,
  page,
}) => {
  await conversation.ask("Ask me something");
  const card = page.getByRole("article", { name: "Which lamp should be sent instead?" });
  await expect(card).toBeVisible();
  await expect(page.getByRole("region", { name: "Needs your answer" })).toBeVisible();
  await expect(page.getByRole("link", { name: /Inbox/ })).toContainText("1");
  await page.reload();
  await page.locator("[data-slot=message-list-scroller][data-ready]").waitFor();
  await card.getByRole("radio", { name: /Dune lamp/ }).check();
  await card.getByRole("button", { name: "Answer" }).click();
  await expect(conversation.answers).toHaveCount(1);
  await expect(conversation.answers.first()).toContainText("Noted: you chose dune");
  await expect(page.getByRole("region", { name: "Needs your answer" })).toHaveCount(0);
  await conversation.settles();
  const text = await conversation.answerTexts.first().innerText();
  await page.reload();
  await expect(conversation.answers.first()).toContainText("Noted: you chose dune");
  expect(await conversation.answerTexts.first().innerText()).toBe(text);
});
