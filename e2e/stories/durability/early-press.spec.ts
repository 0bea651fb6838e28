/** Presses and input from before hydration are not lost. */
import type { Locator, Page } from "@playwright/test";
import { expect, test } from "../../support/story";

const request = (page: Page, title: string | RegExp) => page.getByRole("article", { name: title });
const button = (within: Locator, name: string) => within.getByRole("button", { name, exact: true });

/** Reloads. `before` acts on a page whose scripts arrive only afterwards. */
async function reloadSlowly(page: Page, before: () => Promise<void>) {
  let arrive = () => {};
  const line = new Promise<void>((resolve) => (arrive = resolve));
  await page.route("**/_next/static/**/*.js*", async (route) => {
    await line;
    await route.continue();
  });
  await page.reload({ waitUntil: "commit" });
  await before();
  arrive();
  await page.unrouteAll({ behavior: "wait" });
}

test("Approve and Deny work before hydration, and a reason and an edit survive a reload", async ({
  conversation,
  page,
}) => {
  await conversation.ask("Refund 20 EUR of order A-77 and email the customer");
  const refund = request(page, "Refund 20 EUR of order A-77");
  const mail = request(page, "Send an email to customer@example.com");
  await expect(mail).toBeVisible();
  await conversation.settles();

  // An unfinished edit that wasn't reviewed, and an unfinished reason.
  await button(refund, "Edit details").click();
  await refund.getByRole("textbox", { name: "Amount" }).fill("1,000");
  await expect(refund.getByText("1,000 → 1000")).toBeVisible();
  await button(mail, "Deny").click();
  await mail.getByRole("textbox").fill("I call th");
  await page.reload();
  await expect(refund.getByRole("textbox", { name: "Amount" })).toHaveValue("1,000");
  await expect(mail.getByRole("textbox")).toHaveValue("I call th");
  await button(refund, "Cancel").click();
  await button(mail, "Cancel").click();

  // The page shows the proposed arguments, so an early press approves those. The second press changes nothing.
  await reloadSlowly(page, async () => {
    await refund.getByRole("checkbox").check();
    await button(refund, "Approve").click();
    await button(refund, "Approve").click();
    await button(mail, "Deny").click();
  });
  await expect(refund).toContainText("Approved");
  await expect(refund).not.toContainText("edit");
  await expect(mail.getByRole("textbox")).toHaveValue("I call th");
  await mail.getByRole("textbox").fill("I call them.");
  await button(mail, "Deny").click();
  await expect(conversation.answers.last()).toContainText("I refunded 20 EUR of order A-77");
  const granted = `SELECT tool FROM "ToolPermission" WHERE "chatId" = $1`;
  expect(await conversation.query(granted, [conversation.chatId()])).toEqual([{ tool: "refund" }]);
  // A decision leaves no draft behind.
  await expect
    .poll(() => page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes("request:"))))
    .toEqual([]);
});

test("a question can be answered before hydration", async ({ conversation, page }) => {
  await conversation.ask("Ask me something");
  const card = request(page, "Which lamp should be sent instead?");
  await expect(card).toBeVisible();
  await conversation.settles();
  await reloadSlowly(page, async () => {
    await card.getByRole("radio", { name: /Dune lamp/ }).check();
    await button(card, "Answer").click();
  });
  await expect(conversation.answers.first()).toContainText("Noted: you chose dune");
});

test("a form can be filled in and submitted before hydration", async ({ conversation, page }) => {
  await conversation.ask("Arrange the delivery");
  const card = request(page, /^Where should/);
  await expect(card).toBeVisible();
  await conversation.settles();
  // Input that was typed early and not submitted is kept, along with the stored draft.
  const first = card.getByRole("textbox", { name: "Full name" });
  const second = card.getByRole("textbox", { name: "Street" });
  await first.fill("Ada Lovelace");
  await reloadSlowly(page, () => second.fill("12 Analytical Street"));
  await expect(second).toHaveValue("12 Analytical Street");
  await expect(first).toHaveValue("Ada Lovelace");
  // Submitted early: missing fields are reported as soon as the page is hydrated.
  await first.fill("");
  await second.fill("");
  await reloadSlowly(page, () => button(card, "Answer").click());
  await expect(card.getByRole("alert")).toContainText(/need(s)? a correction/);
});

test("Skip and the typed confirmation work before hydration", async ({ conversation, page }) => {
  await conversation.ask("Delete the orders from before 2024-01-01");
  const card = request(page, /^Delete all orders/);
  await expect(card).toBeVisible();
  await conversation.settles();
  await reloadSlowly(page, () => button(card, "Approve").click());
  await expect(page.getByRole("dialog", { name: /^Delete all orders/ })).toBeVisible();
  await page.keyboard.press("Escape");
  await reloadSlowly(page, () => button(card, "Deny").click());
  await expect(card).toContainText("Denied");
});

test("a press works even if the card's script loads last", async ({ conversation, page }) => {
  await conversation.ask("Delete the orders from before 2024-01-01");
  const card = request(page, /^Delete all orders/);
  await expect(card).toBeVisible();
  await conversation.settles();

  let arrive = () => {};
  const line = new Promise<void>((resolve) => (arrive = resolve));
  let arriveLast = () => {};
  const lastOfAll = new Promise<void>((resolve) => (arriveLast = resolve));
  let held = 0;
  await page.route("**/_next/static/**/*.js*", async (route) => {
    const response = await route.fetch();
    await line;
    if ((await response.text()).includes('"request-actions"')) {
      held += 1;
      await lastOfAll;
    }
    await route.fulfill({ response });
  });
  const isAlive = page.waitForRequest(/\/api\/chats\/[^/]+\/requests/);
  await page.reload({ waitUntil: "commit" });
  await button(card, "Approve").click();
  const drawn = await card.elementHandle();
  arrive();
  // A page that hydrates without its cards reads the pending requests, and would rerender the cards with the result.
  const frames = page.evaluate(async () => {
    for (let frame = 0; frame < 60; frame += 1) await new Promise(requestAnimationFrame);
  });
  await frames;
  expect(held).toBeGreaterThan(0);
  arriveLast();
  await isAlive;
  await expect(page.getByRole("dialog", { name: /^Delete all orders/ })).toBeVisible();
  expect(await drawn?.evaluate((element) => element.isConnected)).toBe(true);
  await page.unrouteAll({ behavior: "wait" });
});

test("an outcome can be reported before hydration", async ({ page }) => {
  let arrive = () => {};
  const line = new Promise<void>((resolve) => (arrive = resolve));
  await page.route("**/_next/static/**/*.js*", async (route) => {
    await line;
    await route.continue();
  });
  await page.goto("/kit", { waitUntil: "commit" });
  const card = page.locator("[data-slot=outcome-card]").first();
  await card.getByRole("button").first().click();
  arrive();
  await expect(card).toHaveAttribute("data-outcome", "happened");
  await page.unrouteAll({ behavior: "wait" });
});
