import { expect, test, type Conversation } from "../../support/story";

// Prices for the demo model, so that its answers have a cost.
test.use({ engineEnv: { MODEL_PRICES: JSON.stringify({ demo: { input: 1_000, output: 2_000 } }) } });

const cell = (chat: Conversation, row: string, column: number) =>
  chat.page.getByRole("row", { name: row }).getByRole("cell").nth(column);

async function openUsage(chat: Conversation): Promise<void> {
  const list = chat.page.getByRole("navigation", { name: "Chats" });
  await list.getByRole("link").filter({ hasText: /\w/ }).first().waitFor();
  await list
    .getByRole("button", { name: /^Actions for / })
    .first()
    .focus();
  await chat.page.keyboard.press("Enter");
  await chat.page.getByRole("menuitem", { name: "Usage…" }).click();
  await expect(chat.page.getByRole("dialog", { name: "Usage" }).getByRole("table")).toBeVisible();
}

/** The usage of every answer in the chat, from the database. */
async function written(chat: Conversation): Promise<Array<{ output: number; cost: number }>> {
  return chat.query(
    `SELECT (message #>> '{metadata,outputTokens}')::float8 AS output, (message #>> '{metadata,cost}')::float8 AS cost
      FROM "Message" WHERE "chatId" = $1 AND role = 'assistant' ORDER BY "order"`,
    [chat.chatId()],
  );
}

test("usage lists the shown branch, all branches, and unknown values", async ({ conversation: chat }) => {
  await chat.ask("count to 3");
  await chat.settles();
  await expect.poll(() => chat.saved()).toHaveLength(2);
  await openUsage(chat);
  const [first] = await written(chat);
  expect(first?.cost).toBeGreaterThan(0);
  await expect(chat.page.getByRole("columnheader")).toHaveText(["What", "This chat"]);
  await expect(cell(chat, "Answers", 0)).toHaveText("1");
  await expect(cell(chat, "Output tokens", 0)).toHaveText(String(first?.output));
  await expect(cell(chat, "Cost", 0)).toHaveText(`$${first?.cost.toFixed(2)}`);
  await chat.page.keyboard.press("Escape");

  // A regenerated answer: the branch has one answer, the chat has paid for two.
  await chat.page.getByRole("button", { name: "Regenerate" }).click();
  await expect(chat.page.getByRole("group", { name: "Version 2 of 2" })).toBeVisible();
  await chat.settles();
  await expect.poll(() => written(chat)).toHaveLength(2);
  const both = await written(chat);
  await openUsage(chat);
  await expect(chat.page.getByRole("columnheader")).toHaveText(["What", "Shown branch", "All branches"]);
  await expect(cell(chat, "Answers", 0)).toHaveText("1");
  await expect(cell(chat, "Answers", 1)).toHaveText("2");
  await expect(cell(chat, "Output tokens", 0)).toHaveText(String(both[1]?.output));
  await expect(cell(chat, "Output tokens", 1)).toHaveText(String(both[0]!.output + both[1]!.output));
  await chat.page.keyboard.press("Escape");

  // A stopped answer reports no usage, and its cost isn't estimated.
  await chat.ask("count to 500");
  await chat.sees(2);
  await chat.stopButton.click();
  await chat.settles();
  await expect.poll(() => chat.saved()).toHaveLength(5);
  await openUsage(chat);
  await expect(cell(chat, "Cost", 1)).toHaveText(/^at least \$/);
  await expect(chat.page.getByText("Price unknown for 1 answer.")).toBeVisible();
});
