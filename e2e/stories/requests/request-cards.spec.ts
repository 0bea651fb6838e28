import type { Locator, Page } from "@playwright/test";
import { expect, test } from "../../support/story";

const part = (page: Page, name: string) => page.getByRole("group", { name, exact: true });
const card = (page: Page, name: string, title: string) =>
  part(page, name).getByRole("article", { name: title });
const button = (within: Locator, name: string) => within.getByRole("button", { name, exact: true });

test.beforeEach(async ({ page }) => {
  await page.goto("/kit");
  // Keys pressed before hydration have no effect.
  await page.locator("[data-slot=message-list-scroller][data-ready]").first().waitFor();
});

test.describe("question", () => {
  test("can be answered with only the keyboard, and doesn't move", { tag: "@promise" }, async ({ page }) => {
    const question = card(page, "Question card", "Which lamp should be sent instead?");
    const next = card(page, "Question card", "Which days suit the courier?");
    await question.getByRole("radio", { name: /Dune/ }).focus();
    await page.keyboard.press("2");
    await expect(question.getByRole("radio", { name: /Reef/ })).toBeChecked();
    await expect(question.getByRole("radio", { name: /Reef/ })).toBeFocused();
    const before = await placeOf(next, question);
    await page.keyboard.press("Enter");
    await expect(question).toHaveAttribute("data-state", "answered");
    await expect(question.getByRole("listitem").filter({ hasText: "(chosen)" })).toContainText("Reef lamp");
    expect(await placeOf(next, question)).toBe(before);
    await expect(question).toBeFocused();
  });

  test("accepts several options by number, and a digit typed into a field is text", async ({ page }) => {
    const several = card(page, "Question card", "Which days suit the courier?");
    await button(several, "Answer").click();
    await expect(several.getByRole("alert")).toHaveText("Choose an option first.");
    await page.keyboard.press("1");
    await page.keyboard.press("4");
    await expect(several.getByRole("checkbox", { checked: true })).toHaveCount(2);
    await page.keyboard.press("4");
    await page.keyboard.press("3");
    await button(several, "Answer").click();
    await expect(several.getByRole("listitem").filter({ hasText: "(chosen)" })).toHaveText([
      /Monday/,
      /Wednesday/,
    ]);

    const question = card(page, "Question card", "Which lamp should be sent instead?");
    await question.getByRole("textbox", { name: "In your own words" }).focus();
    await page.keyboard.type("2 of the 1st kind");
    await expect(question.getByRole("radio", { checked: true })).toHaveCount(0);
    await page.keyboard.press("Enter");
    await expect(question).toContainText("2 of the 1st kind");
    await expect(question).toHaveAttribute("data-state", "answered");
  });

  test("can be skipped", async ({ page }) => {
    const question = card(page, "Question card", "Which lamp should be sent instead?");
    await button(question, "Skip").click();
    await expect(question).toContainText("The agent continued without an answer.");
  });
});

test.describe("approval", () => {
  test("can be approved with edited arguments, shown beside the proposed ones", async ({ page }) => {
    const approval = card(page, "Approval card", "Approve a refund");
    await button(approval, "Edit details").click();
    const amount = approval.getByRole("textbox", { name: "Amount" });
    await expect(amount).toBeFocused();

    await amount.fill("90");
    await approval.getByRole("textbox", { name: "Reason" }).fill("no");
    await button(approval, "Review changes").click();
    await expect(approval.getByRole("alert")).toContainText("2 fields need a correction.");
    await expect(approval.getByRole("alert")).toBeFocused();
    await button(approval, "Amount: Must be at most 89.").click();
    await expect(amount).toBeFocused();
    await expect(amount).toHaveAccessibleDescription("Must be at most 89.");
    await amount.fill("75");
    await approval.getByRole("textbox", { name: "Reason" }).fill("damaged on arrival");
    await expect(approval.getByRole("alert")).toHaveCount(0);

    await button(approval, "Review changes").click();
    await expect(approval.getByRole("deletion")).toHaveText("proposed 89");
    await expect(approval.getByRole("insertion")).toHaveText("now 75");
    await expect(button(approval, "Approve 75 EUR")).toBeFocused();
    await expect(approval).toContainText("1 value changed. Approve to run with your changes.");
    await page.keyboard.press("Enter");
    await expect(approval).toHaveAttribute("data-state", "approved");
    await expect(approval).toContainText("Approved with 1 edit by you");
    await expect(approval.getByRole("insertion")).toHaveText("now 75");
  });

  test("an edit can be undone, and invalid JSON is refused", async ({ page }) => {
    const query = card(page, "Approval card", "Run a query on the warehouse");
    await button(query, "Edit details").click();
    const json = query.getByRole("textbox", { name: "Arguments" });
    await json.fill("{ sql: 1");
    await button(query, "Review changes").click();
    await expect(query.getByRole("alert")).toContainText("Arguments: This isn't valid JSON");
    await json.fill("[]");
    await expect(query.getByRole("alert")).toContainText("Enter a JSON object");
    await json.fill('{ "sql": "select 1" }');
    await button(query, "Review changes").click();
    await expect(query.getByRole("insertion")).toHaveText(["now select 1", "removed", "removed"]);
    await button(query, "Undo changes").click();
    await expect(query.getByRole("insertion")).toHaveCount(0);
    await expect(button(query, "Edit details")).toBeFocused();
  });

  test("can be denied with a reason", async ({ page }) => {
    const approval = card(page, "Approval card", "Approve a refund");
    await button(approval, "Deny").click();
    const reason = approval.getByRole("textbox", { name: /^Reason/ });
    await expect(reason).toBeFocused();
    await page.keyboard.press("Escape");
    await expect(button(approval, "Deny")).toBeFocused();
    await page.keyboard.press("Enter");
    await reason.fill("The photo shows another lamp.");
    await button(approval, "Deny").click();
    await expect(approval).toHaveAttribute("data-state", "denied");
    await expect(approval).toContainText("The photo shows another lamp.");
  });

  test("a refused decision says why and keeps the input", async ({ page }) => {
    const approval = card(page, "Approval card, refused once", "Approve a refund");
    await button(approval, "Deny").click();
    const reason = approval.getByRole("textbox", { name: /^Reason/ });
    await reason.fill("Ask for a second photo.");
    await button(approval, "Deny").click();
    await expect(approval.getByRole("alert")).toHaveText(
      "Couldn't save. Your input is still here. Someone else is deciding this right now. Try again in a moment.",
    );
    await expect(reason).toHaveValue("Ask for a second photo.");
    await button(approval, "Deny").click();
    await expect(approval).toContainText("Ask for a second photo.");
    await expect(approval).toHaveAttribute("data-state", "denied");
  });
});

test("a form lists missing fields, adds and removes items, and can be submitted", async ({ page }) => {
  const form = card(page, "Form card", "Where should the new lamp go?");
  await form.getByRole("textbox", { name: "Full name" }).fill("M");
  await button(form, "Answer").click();
  await expect(form.getByRole("alert").getByRole("listitem")).toHaveText([
    "Full name: Too short: 1 of at least 2 characters.",
    "Email: Enter a value.",
    "Day: Choose a date.",
    "Street: Enter a value.",
  ]);
  await form.getByRole("textbox", { name: "Full name" }).fill("Mara Holm");
  await form.getByRole("textbox", { name: "Email" }).fill("mara@example.com");
  await form.getByRole("textbox", { name: "Parcels" }).fill("2");
  await form.getByRole("combobox", { name: "Speed" }).selectOption("fast");
  await form.getByLabel("Day", { exact: true }).fill("2026-12-01");
  await form.getByRole("checkbox", { name: "This is a gift" }).check();
  await form.getByRole("textbox", { name: "Street" }).fill("North Mole 4");
  await button(form, "Add to phones").click();
  await expect(form.getByRole("textbox", { name: "Phones, item 1" })).toBeFocused();
  await page.keyboard.type("+47 22 22");
  await button(form, "Add to phones").click();
  await page.keyboard.type("later");
  // Only the server checks patterns, and the kit has no server.
  await button(form, "Remove phones, item 2").click();
  await button(form, "Answer").click();
  await expect(form).toHaveAttribute("data-state", "answered");
  await expect(form.getByRole("group", { name: "Answer: details" })).toContainText(
    /Mara Holm.*mara@example\.com.*2.*fast.*2026-12-01.*true.*North Mole 4.*null.*\+47 22 22/s,
  );
});

test("a destructive action is approved by typing its phrase, and a failure keeps the dialog open", async ({
  page,
}) => {
  const confirm = card(page, "Confirm card", "Delete a customer with all orders");
  await button(confirm, "Approve").click();
  const dialog = page.getByRole("dialog", { name: "Delete a customer with all orders" });
  const phrase = dialog.getByRole("textbox", { name: "Type delete cus_4417 to confirm" });
  await expect(phrase).toBeFocused();
  await page.keyboard.type("delete cus_441");
  await page.keyboard.press("Enter");
  await expect(button(dialog, "Approve")).toHaveAttribute("aria-disabled", "true");
  await page.keyboard.type("7");
  await page.keyboard.press("Enter");
  await expect(dialog.getByRole("alert")).toHaveText("Couldn't complete this. The server did not answer.");
  await expect(phrase).toHaveValue("delete cus_4417");
  await button(dialog, "Approve").click();
  await expect(dialog).toHaveCount(0);
  await expect(confirm).toHaveAttribute("data-state", "approved");
});

for (const width of [1280, 390])
  test(`no card gets shorter while another one waits, in any frame, ${width} px wide`, async ({ page }) => {
    await page.setViewportSize({ width, height: 800 });
    const question = card(page, "Question card", "Which lamp should be sent instead?");
    await question.getByRole("radio", { name: /Reef/ }).check();
    expect(await heightsUntilSettled(question, "Answer")).toHaveLength(1);

    const several = card(page, "Question card", "Which days suit the courier?");
    expect(await heightsUntilSettled(several, "Skip")).toHaveLength(1);

    const approval = card(page, "Approval card", "Approve a refund");
    expect(await heightsUntilSettled(approval, "Approve")).toHaveLength(1);

    const query = card(page, "Approval card", "Run a query on the warehouse");
    await button(query, "Deny").click();
    await expect(query.getByRole("textbox", { name: /^Reason/ })).toBeFocused();
    expect(await heightsUntilSettled(query, "Deny")).toHaveLength(1);

    const form = card(page, "Form card", "Where should the new lamp go?");
    expect(await heightsUntilSettled(form, "Skip")).toHaveLength(1);

    // The second try removes the error of the first, but keeps its space.
    const confirm = card(page, "Confirm card", "Delete a customer with all orders");
    await button(confirm, "Deny").click();
    await expect(confirm.getByRole("alert")).toContainText("The server did not answer.");
    expect(await heightsUntilSettled(confirm, "Deny")).toHaveLength(1);
    await expect(confirm.getByRole("alert")).toHaveCount(0);
  });

test("the bar leads to each card, and wraps around", async ({ page }) => {
  const bar = part(page, "Request bar").getByRole("region", { name: "Needs your answer" }).last();
  await expect(bar).toContainText("Which lamp should be sent instead?");
  await button(bar, "Next request").click();
  await expect(bar).toContainText("2 of 3");
  await button(bar, "Previous request").click();
  await button(bar, "Show").click();
  const question = card(page, "Question card", "Which lamp should be sent instead?");
  await expect(question).toBeFocused();
  await expect(question).toBeInViewport();
});

test("j and k move through the inbox, and cards are answered in place", async ({ page }) => {
  const inbox = part(page, "Inbox");
  await button(inbox, "All 3").focus();
  await page.keyboard.press("j");
  await expect(inbox.getByRole("article", { name: "Approve a refund" })).toBeFocused();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  const days = inbox.getByRole("article", { name: "Which days suit the courier?" });
  await expect(days).toBeFocused();
  await page.keyboard.press("2");
  await page.keyboard.press("3");
  await page.keyboard.press("Enter");
  await expect(days).toHaveAttribute("data-state", "answered");
  await expect(days).toBeFocused();
  await page.keyboard.press("j");
  await expect(inbox.getByRole("article", { name: "Which offer should be signed?" })).toBeFocused();
  await button(inbox, "Forms 0").click();
  await expect(inbox).toContainText("You're all caught up");
  await button(inbox, "Questions 1").click();
  await expect(inbox.getByRole("article")).toHaveCount(2);
});

test("a conversation, its bar, the tab and the inbox show the same requests", async ({ page }) => {
  const waiting = part(page, "Waiting conversation");
  const conversation = waiting.getByRole("log");
  const inbox = waiting.locator("[data-slot=inbox-list]");
  const bar = waiting.getByRole("region", { name: "Needs your answer" });
  await expect(bar).toContainText("Approve a refund");
  await expect(bar).toContainText("1 of 2");
  await button(waiting, "Mark the tab").click();
  await expect(page).toHaveTitle(/^\(2\) /);
  await expect(page.locator('link[rel="icon"][type="image/png"]')).toHaveCount(1);

  await button(conversation.getByRole("article", { name: "Approve a refund" }), "Approve").click();
  await expect(inbox.getByRole("article", { name: "Approve a refund" })).toContainText(
    "Approved by you, in the chat",
  );
  await expect(bar).toContainText("Which days suit the courier?");
  await expect(bar).not.toContainText("of 2");
  await expect(page).toHaveTitle(/^\(1\) /);

  const days = inbox.getByRole("article", { name: "Which days suit the courier?" });
  await days.getByRole("checkbox", { name: "Tuesday" }).check();
  await button(days, "Answer").click();
  await expect(conversation.getByRole("article", { name: "Which days suit the courier?" })).toContainText(
    "Answered by you, from the inbox",
  );
  await expect(bar).toHaveCount(0);
  await expect(page).not.toHaveTitle(/^\(/);
  await expect(page.locator('link[rel="icon"][type="image/png"]')).toHaveCount(0);
});

test("a late decision says who was first", async ({ page }) => {
  const waiting = part(page, "Waiting conversation");
  const approval = waiting.getByRole("log").getByRole("article", { name: "Approve a refund" });
  await button(waiting, "Decide the first one elsewhere").click();
  await button(approval, "Approve").click();
  await expect(approval).toHaveAttribute("data-state", "denied");
  await expect(approval).toContainText("Denied by Mara, from a link");
  await expect(approval.getByRole("alert")).toHaveText(
    "Someone answered before you. Mara has decided this already.",
  );
});

test("the sidebar links to the inbox, which says when nothing is pending", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("link", { name: "Inbox" }).click();
  await expect(page).toHaveURL(/\/inbox$/);
  await expect(page.getByRole("heading", { name: "Inbox", level: 1 })).toBeVisible();
  await expect(page.getByRole("link", { name: "Inbox" })).toHaveAttribute("aria-current", "page");
  await expect(page.getByRole("main")).toContainText("You're all caught up");
});

/** The distance between two elements: scrolling doesn't change it, a layout shift does. */
async function placeOf(one: Locator, other: Locator): Promise<number> {
  const [a, b] = await Promise.all([one.boundingBox(), other.boundingBox()]);
  if (!a || !b) throw new Error("Both have to be on the page.");
  return Math.round(a.y - b.y);
}

/** A card's height in every frame, from the press of its button until it has settled. */
async function heightsUntilSettled(one: Locator, name: string): Promise<number[]> {
  const recording = await one.evaluateHandle((element: HTMLElement) => {
    const heights = new Set<number>();
    const isAtRest = () => element.dataset.state !== "pending" && element.getAnimations().length === 0;
    const end = new Promise<number[]>((resolve) => {
      (function look() {
        heights.add(element.offsetHeight);
        if (isAtRest()) resolve([...heights]);
        else requestAnimationFrame(look);
      })();
    });
    return { end };
  });
  await button(one, name).click();
  return recording.evaluate(({ end }) => end);
}
