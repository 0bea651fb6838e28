/** Requests in the browser: asked, reloaded, decided, and continued in the same message. */
import type { Browser, Locator, Page } from "@playwright/test";
import { expect, test } from "../../support/story";

const request = (page: Page, title: string | RegExp) => page.getByRole("article", { name: title });
const button = (within: Page | Locator, name: string) => within.getByRole("button", { name, exact: true });
const bar = (page: Page) => page.getByRole("region", { name: "Needs your answer" });

/** Another device of the same person, opened at this address. */
async function otherDevice(browser: Browser, page: Page, address: string): Promise<Page> {
  const context = await browser.newContext({ storageState: await page.context().storageState() });
  const device = await context.newPage();
  await device.goto(new URL(address, page.url()).href);
  return device;
}

test("a question survives a reload, and its answer continues in the same message", async ({
  conversation,
  page,
}) => {
  await conversation.ask("Ask me something");
  const card = page.getByRole("article", { name: "Which lamp should be sent instead?" });
  await expect(card).toBeVisible();
  await expect(page.getByRole("region", { name: "Needs your answer" })).toBeVisible();
  await expect(page.getByRole("link", { name: /Inbox/ })).toContainText("1");
  await expect(page).toHaveTitle("(1) Ask me something · Holdfast");
  await page.reload();
  await page.locator("[data-slot=message-list-scroller][data-ready]").waitFor();
  await card.getByRole("radio", { name: /Dune lamp/ }).check();
  await card.getByRole("button", { name: "Answer" }).click();
  await expect(conversation.answers).toHaveCount(1);
  await expect(conversation.answers.first()).toContainText("Noted: you chose dune");
  await expect(page.getByRole("region", { name: "Needs your answer" })).toHaveCount(0);
  await conversation.settles();
  await expect(page).toHaveTitle("Ask me something · Holdfast");
  // The reader saw the answer, so no list marks it as new.
  const isRead = `SELECT 1 FROM "Chat" c JOIN "Message" m ON m."chatId" = c.id AND m.id = c."headId"
    WHERE c.id = $1 AND c."lastReadAt" >= m."changedAt"`;
  await expect.poll(() => conversation.query(isRead, [conversation.chatId()])).toHaveLength(1);
  const text = await conversation.answerTexts.first().innerText();
  await page.reload();
  await expect(conversation.answers.first()).toContainText("Noted: you chose dune");
  await expect.poll(() => conversation.answerTexts.first().innerText()).toBe(text);
});

test("an approval can be edited and approved, and shows the proposed and the actual arguments", async ({
  conversation,
  page,
}) => {
  await conversation.ask("Refund 20 EUR of order A-77 and email the customer");
  const refund = request(page, "Refund 20 EUR of order A-77");
  const mail = request(page, "Send an email to customer@example.com");
  await expect(mail).toBeVisible();
  await expect(bar(page)).toContainText("1 of 2");

  await button(refund, "Edit details").click();
  await refund.getByRole("textbox", { name: "Amount" }).fill("7.5");
  await button(refund, "Review changes").click();
  await button(refund, "Approve 7.5 EUR").click();
  await expect(refund).toContainText("Approved with 1 edit");
  // The other request is still pending, so nothing has run.
  await expect(conversation.answers.last()).not.toContainText("I refunded");

  await button(mail, "Deny").click();
  await mail.getByRole("textbox").fill("I call them.");
  await button(mail, "Deny").click();
  await expect(conversation.answers.last()).toContainText("I refunded 7.5 EUR of order A-77");
  await expect(conversation.answers.last()).toContainText('You declined the email ("I call them.")');
  await expect(conversation.answers).toHaveCount(1);
  await conversation.settles();
  await expect(bar(page)).toHaveCount(0);

  await button(page, "Decisions").click();
  const history = page.getByRole("dialog", { name: "Decisions" });
  await expect(history.getByRole("listitem").filter({ hasText: "I call them." })).toBeVisible();
  await page.keyboard.press("Escape");
  const words = await conversation.answerTexts.last().innerText();
  await page.reload();
  await expect(conversation.answers.last()).toContainText("I refunded 7.5 EUR");
  await expect.poll(() => conversation.answerTexts.last().innerText()).toBe(words);
});

test(
  "a decision in the inbox of another device continues the open chat",
  { tag: "@promise" },
  async ({ conversation, page, browser }) => {
    await conversation.ask("Refund 20 EUR of order A-78");
    await expect(request(page, "Refund 20 EUR of order A-78")).toBeVisible();
    await conversation.settles();
    const inbox = await otherDevice(browser, page, "/inbox");
    const there = request(inbox, "Refund 20 EUR of order A-78");
    await expect(there).toBeVisible();
    await expect(inbox.getByRole("link", { name: /Inbox/ }).first()).toContainText("1");
    await button(there, "Approve").click();
    await expect(there).toContainText("Approved");
    await expect(conversation.answers.last()).toContainText("I refunded 20 EUR of order A-78");
    await expect(conversation.answers).toHaveCount(1);
    await expect(bar(page)).toHaveCount(0);
    await inbox.context().close();
  },
);

test("a message sent instead skips the pending request, and its card says so", async ({
  conversation,
  page,
}) => {
  await conversation.ask("Ask me something");
  const card = request(page, "Which lamp should be sent instead?");
  await expect(card).toBeVisible();
  await conversation.settles();
  await conversation.ask("count to 3");
  await expect(conversation.answers.last()).toContainText("0 1 2 3");
  await expect(card).toContainText("Skipped");
  await expect(bar(page)).toHaveCount(0);
});

test("the bar finds a request on another version, where it can be answered", async ({
  conversation,
  page,
}) => {
  await conversation.ask("Ask me something");
  const card = request(page, "Which lamp should be sent instead?");
  await expect(card).toBeVisible();
  await conversation.settles();
  await conversation.questions.first().hover();
  await button(page, "Edit message").click();
  await page.getByRole("textbox", { name: "Edit your message" }).fill("count to 3");
  await page.keyboard.press("Enter");
  await expect(conversation.answers.last()).toContainText("0 1 2 3");
  await conversation.settles();
  await expect(bar(page)).toContainText("in another version");
  await button(bar(page), "Show").click();
  await expect(card).toBeVisible();
  await card.getByRole("radio", { name: /Reef lamp/ }).check();
  await button(card, "Answer").click();
  await expect(conversation.answers.last()).toContainText("you chose reef");
  await expect(conversation.questions).toHaveText([/Ask me something/]);
});

test(
  "when the worker dies after a decision, no word is lost or doubled",
  { tag: "@promise" },
  async ({ conversation, page }) => {
    await conversation.ask("Refund 20 EUR of order A-79 at 80 ms");
    const card = request(page, "Refund 20 EUR of order A-79");
    await expect(card).toBeVisible();
    await conversation.settles();
    await button(card, "Approve").click();
    await expect(conversation.answers.last()).toContainText("I refunded");
    expect(conversation.app.engine.killWorkers()).toBeGreaterThan(0);
    await expect(conversation.answers.last()).toContainText("no money moved.");
    await conversation.settles();
    const words = await conversation.answerTexts.last().innerText();
    expect(words.match(/I refunded/g)).toHaveLength(1);
    expect(
      await conversation.query(
        `SELECT 1 FROM "DemoEntry" WHERE kind = 'refund' AND data->>'orderId' = 'A-79'`,
      ),
    ).toHaveLength(1);
    await page.reload();
    await expect.poll(() => conversation.answerTexts.last().innerText()).toBe(words);
  },
);

test("a sub-agent asks in its card, and continues there", async ({ conversation, page }) => {
  await conversation.ask("Let a sub-agent find a courier");
  await expect(page.locator('[data-slot="sub-agent-card"]')).toBeVisible();
  const card = request(page, "Which days suit the courier?");
  await expect(card).toBeVisible();
  await conversation.settles();
  await card.getByRole("checkbox", { name: "Monday" }).check();
  await button(card, "Answer").click();
  await expect(conversation.answers.last()).toContainText("The courier desk says: Noted: you chose mon.");
  await expect(conversation.answers).toHaveCount(1);
});

test("the pictures: an approval with an edit, and the inbox on a phone", async ({
  conversation,
  page,
}, testInfo) => {
  // These pictures are in the README. A run rewrites them only on request, so that tests leave no changes.
  const folder = process.env.UPDATE_SCREENSHOTS
    ? `${import.meta.dirname}/../../screenshots`
    : testInfo.outputDir;
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.setViewportSize({ width: 1280, height: 800 });
  await conversation.ask("Refund 20 EUR of order A-1042");
  const card = request(page, "Refund 20 EUR of order A-1042");
  await button(card, "Edit details").click();
  await card.getByRole("textbox", { name: "Amount" }).fill("7.5");
  await button(card, "Review changes").click();
  await expect(card).toContainText("1 value changed");
  await conversation.settles();
  await page.screenshot({ path: `${folder}/approval-desk.png` });

  await page.goto("/");
  await conversation.ask("Ask me something");
  await expect(request(page, "Which lamp should be sent instead?")).toBeVisible();
  await conversation.settles();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("/inbox");
  await expect(page.getByRole("article")).toHaveCount(2);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  await page.screenshot({ path: `${folder}/inbox-phone.png` });
});
