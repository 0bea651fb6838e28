/** Sub-agents in the browser: two at once, live in their cards, through a reload, a killed worker, a decision and a stop. */
import type { Locator, Page } from "@playwright/test";
import { counted, expect, test } from "../../support/story";

const card = (page: Page, name: string) =>
  page.locator('[data-slot="sub-agent-card"]').filter({ has: page.getByRole("button", { name }) });
const header = (within: Locator, name: string) => within.getByRole("button", { name });

test(
  "two sub-agents work at once, survive a reload and a killed worker, and one of them asks",
  { tag: "@promise" },
  async ({ conversation, page }) => {
    await conversation.ask("Let two sub-agents plan the delivery to Oslo");
    const courier = card(page, "Courier desk");
    const weather = card(page, "Weather desk");
    await expect(courier).toBeVisible();
    await page.reload();
    await expect(weather).toHaveAttribute("data-state", "done");
    const question = courier.getByRole("article", { name: "Which days suit the courier?" });
    await expect(question).toBeVisible();
    await expect(courier.getByRole("listitem").first()).toHaveText(/^Looked up courier routes/);
    await expect(page.getByRole("region", { name: "Needs your answer" })).toBeVisible();
    await conversation.settles();
    conversation.app.engine.killWorkers();
    await page.reload();
    await page.locator("[data-slot=message-list-scroller][data-ready]").waitFor();
    await question.getByRole("checkbox", { name: "Monday" }).check();
    await question.getByRole("button", { name: "Answer" }).click();
    // One worker after the other has to start: the agent's, then the sub-agent's.
    await expect(courier).toHaveAttribute("data-state", /running|done/);
    await expect(conversation.answers.last()).toContainText("The courier desk says: Noted: you chose mon.");
    await conversation.settles();
    await expect(conversation.answers).toHaveCount(1);
    await expect(courier).toHaveAttribute("data-state", "done");
    await header(weather, "Weather desk").click();
    await expect(weather.getByRole("listitem")).toHaveText(/^Checked the weather in Oslo/);
  },
);

test("what a sub-agent writes shows in its card, also after a reload and when its worker is killed", async ({
  conversation,
  page,
}) => {
  await conversation.ask("Delegate to Desk: count to 100 at 60 ms");
  const desk = card(page, "Desk");
  await header(desk, "Desk").click();
  await expect(desk).toContainText(/\b3 4 5\b/);
  await page.reload();
  await header(desk, "Desk").click();
  await expect(desk).toContainText(/\b10 11 12\b/);
  const pid = await conversation.app.engine.workerOf(`${conversation.chatId()}--desk`);
  process.kill(pid!, "SIGKILL");
  // Another worker starts, and the sub-agent counts from the beginning.
  await expect(conversation.sendButton).toBeVisible({ timeout: 60_000 });
  await expect(desk).toHaveAttribute("data-state", "done");
  await expect(desk.locator("p", { hasText: "0 1 2" })).toHaveText(counted(100));
  await expect(conversation.answerTexts.last()).toContainText(`The desk says: ${counted(100)}`);
  await expect(conversation.answers).toHaveCount(1);
});

test("a sub-agent is stopped with the answer, and its card says that it didn't finish", async ({
  conversation,
  page,
}) => {
  await conversation.ask("Delegate to Desk: count to 1000 at 60 ms");
  const desk = card(page, "Desk");
  await header(desk, "Desk").click();
  await expect(desk).toContainText(/\b3 4 5\b/);
  await conversation.stopButton.first().click();
  await conversation.settles();
  await expect(desk).not.toHaveAttribute("data-state", "running");
  const isOver = `SELECT 1 FROM "SubAgent" WHERE "chatId" = $1 AND answered = asked`;
  await expect.poll(() => conversation.query(isOver, [conversation.chatId()])).toHaveLength(1);
});

test("a sub-agent's approval is decided in its card, and what it does is done once", async ({
  conversation,
  page,
}) => {
  await conversation.ask("Delegate to Desk: Refund 20 EUR of order A-4711");
  const desk = card(page, "Desk");
  const approval = desk.getByRole("article", { name: "Refund 20 EUR of order A-4711" });
  await approval.getByRole("button", { name: "Approve", exact: true }).click();
  await expect(conversation.answers.last()).toContainText("The desk says: I refunded 20 EUR");
  await conversation.settles();
  const done = `SELECT 1 FROM "DemoEntry" WHERE kind = 'refund' AND data->>'orderId' = 'A-4711'`;
  expect(await conversation.query(done)).toHaveLength(1);
});

test("its session is in the inspector, by its name, and the card leads there", async ({
  conversation,
  page,
}) => {
  await conversation.ask("Delegate to Desk: count to 3");
  await conversation.settles();
  const desk = card(page, "Desk");
  await header(desk, "Desk").click();
  await desk.getByRole("link", { name: "Inspect its session" }).click();
  await expect(
    page.getByRole("navigation", { name: "Sessions" }).getByRole("link", { name: /^Desk in / }),
  ).toHaveAttribute("aria-current", "page");
  const records = page.getByRole("list", { name: "Records, oldest first" });
  await expect(records.locator('[data-io="in"]').filter({ hasText: "count to 3" })).toBeVisible();
});
