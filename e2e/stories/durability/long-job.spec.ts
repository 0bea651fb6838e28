import { Conversation, expect, test } from "../../support/story";

const card = ({ page }: Conversation) => page.locator('[data-slot="job-card"]').last();
const bar = (conversation: Conversation) =>
  card(conversation).getByRole("progressbar", { name: "Yearly report" });

/** A job starts a worker of its own, beside that of the answer. */
const started = { timeout: 60_000 };

async function steps(conversation: Conversation): Promise<number> {
  const text = (await bar(conversation).getAttribute("aria-valuetext")) ?? "";
  return Number(text.match(/(\d+) of/)?.[1] ?? -1);
}

test("@promise a long job's progress continues through a reload, in a second tab, and when its worker dies", async ({
  app,
  context,
  conversation,
  page,
}) => {
  test.setTimeout(300_000);
  await conversation.ask("Start a long job with 90 steps");
  await expect.poll(() => steps(conversation), started).toBeGreaterThan(1);
  await conversation.settles();

  await page.reload();
  await expect.poll(() => steps(conversation), started).toBeGreaterThan(3);
  const second = new Conversation(await context.newPage(), app);
  await second.page.goto(page.url());
  await expect.poll(() => steps(second), started).toBeGreaterThan(4);

  expect(app.engine.killWorkers()).toBeGreaterThan(0);
  // Both pages see the new run go on from there, without a reload.
  for (const each of [conversation, second]) {
    await expect(card(each)).toHaveAttribute("data-state", "done", { timeout: 150_000 });
    expect(await steps(each)).toBe(90);
  }
  // It was at work when it died.
  const restarts = conversation.query(`SELECT starts FROM "LongJob" WHERE "chatId" = $1`, [
    conversation.chatId(),
  ]);
  expect(await restarts).toEqual([{ starts: 1 }]);
  await page.reload();
  await expect(card(conversation)).toHaveAttribute("data-state", "done");
  await second.page.close();
});

test("a long job is canceled on its card, for all tabs, and stays so", async ({
  app,
  context,
  conversation,
  page,
}) => {
  test.setTimeout(300_000);
  await conversation.ask("Start a long job with 900 steps");
  await expect.poll(() => steps(conversation), started).toBeGreaterThan(0);
  await conversation.settles();
  const second = new Conversation(await context.newPage(), app);
  await second.page.goto(page.url());
  await expect.poll(() => steps(second), started).toBeGreaterThan(0);
  await card(conversation).getByRole("button", { name: "Cancel Yearly report" }).click();
  for (const each of [conversation, second]) {
    await expect(card(each)).toHaveAttribute("data-state", "canceled");
    await expect(card(each)).toContainText(/Canceled after \d+ of 900 steps\./);
  }
  await page.reload();
  await expect(card(conversation)).toHaveAttribute("data-state", "canceled");
  await expect(card(conversation).getByRole("button")).toHaveCount(0);
  await second.page.close();
});
