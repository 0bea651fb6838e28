import { expect, test } from "../../support/story";

const program = (code: string, language = "js") => `Run this code:\n\`\`\`${language}\n${code}\n\`\`\``;

test("the agent computes, and shows a table and a chart @promise", async ({ conversation, page }) => {
  await page.getByRole("button", { name: /Run code/ }).click();
  await conversation.settles();
  const cards = page.locator('[data-slot="code-run-card"]');
  await expect(cards).toHaveCount(2);
  await expect(cards.first().getByRole("table")).toContainText("1,806");
  await expect(cards.first()).toContainText("At 7 % the money has doubled after 11 years.");
  const chart = page.getByRole("img", { name: /Line chart: 1,000 EUR with interest. 21 points/ });
  await expect(chart).toBeVisible();
  await cards.last().getByRole("button", { name: "Show as table" }).click();
  await expect(cards.last().getByRole("row", { name: "20 1,806 3,870" })).toBeAttached();
  await cards
    .first()
    .getByRole("button", { name: /Show code/ })
    .click();
  await expect(cards.first().locator('[data-slot="code-block"]')).toContainText("const grow");

  await page.reload();
  await expect(chart).toBeVisible();
});

test("code that fails is explained, and the chat continues", async ({ conversation, page }) => {
  const card = page.locator('[data-slot="code-run-card"]').last();
  await conversation.ask(program("const order = {};\norder.refunds.total;"));
  await conversation.settles();
  await expect(card.locator('[data-slot="code-run-error"]')).toContainText("TypeError");
  await expect(card).toContainText("Line 2");
  await conversation.ask(program("new ArrayBuffer(1e9)"));
  await conversation.settles();
  await expect(card).toContainText("more than 64 MB of memory");
  await conversation.ask(program("for (let n = 0; n < 100; n++) console.log('line', n)"));
  await conversation.settles();
  await expect(card).not.toContainText("line 99");
  await card.getByRole("button", { name: "Show all 100 lines" }).click();
  await expect(card).toContainText("line 99");
  await conversation.ask(program("print(1)", "python"));
  await conversation.settles();
  await expect(card).toContainText("set E2B_API_KEY to run Python on E2B");
  await conversation.ask("count to 3");
  await conversation.settles();
  await expect(conversation.answerTexts.last()).toHaveText("0 1 2 3");
});

test("Stop ends the code, and the card says so", async ({ conversation, page }) => {
  await conversation.ask(program("for (;;) {}"));
  const card = page.locator('[data-slot="code-run-card"]');
  await expect(card).toContainText("Running");
  await conversation.stopButton.click();
  await conversation.settles();
  await expect(card).toContainText("Stopped");
  await conversation.ask(program("6 * 7"));
  await conversation.settles();
  await expect(card.last()).toContainText("42");
});
