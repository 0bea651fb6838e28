import type { Page } from "@playwright/test";
import { expect, test } from "../../support/story";

const part = (page: Page, name: string) => page.getByRole("group", { name, exact: true });
const button = (page: Page, name: string) =>
  part(page, "Branches").getByRole("button", { name, exact: true });
/** The text of the messages, without the rows of buttons. */
const said = (page: Page) =>
  part(page, "Branches").locator(
    "[data-slot=message-bubble], [data-role=assistant] [data-slot=message-content]",
  );
const oslo = ["My city is Oslo.", "Answer to “My city is Oslo.”"];
const tide = ["How high is the tide there?", "Answer to “How high is the tide there?”"];
const tokyo = ["My city is Tokyo.", "Answer to “My city is Tokyo.”"];

async function edit(page: Page, text: string) {
  await button(page, "Edit message").first().click();
  const editor = part(page, "Branches").getByRole("textbox", { name: "Edit your message" });
  await expect(editor).toBeFocused();
  await editor.fill(text);
  await page.keyboard.press("Enter");
}

test.beforeEach(async ({ page }) => {
  await page.goto("/kit");
});

test("an edit becomes a version, and a notice leads back to the earlier one", async ({ page }) => {
  await edit(page, "My city is Tokyo.");
  await expect(said(page)).toHaveText(tokyo);
  await expect(part(page, "Branches").getByText("Your earlier version is 1/2")).toBeVisible();
  await button(page, "show").click();
  await expect(said(page)).toHaveText([...oslo, ...tide]);
  await expect(part(page, "Branches").getByText("Your earlier version")).toHaveCount(0);
});

test("the arrow keys switch versions, keep the focus, and announce the version", async ({ page }) => {
  await edit(page, "My city is Tokyo.");
  const previous = button(page, "Previous version");
  await previous.focus();
  await page.keyboard.press("Alt+ArrowLeft");
  await expect(said(page)).toHaveText(tokyo);
  // The same element has the old and the new text: screen readers wouldn't announce a new one.
  const spoken = await part(page, "Branches").locator("[data-slot=branch-switcher] output").elementHandle();
  await page.keyboard.press("ArrowLeft");
  await expect(said(page)).toHaveText([...oslo, ...tide]);
  await expect(previous).toBeFocused();
  expect(await spoken?.textContent()).toContain("Version 1 of 2");
  await page.keyboard.press("ArrowLeft");
  await expect(said(page)).toHaveText([...oslo, ...tide]);
  await page.keyboard.press("ArrowRight");
  await expect(said(page)).toHaveText(tokyo);
  await expect(previous).toBeFocused();
});

test("Escape cancels the edit and returns the focus", async ({ page }) => {
  const pencil = button(page, "Edit message").first();
  await pencil.focus();
  await page.keyboard.press("Enter");
  await page.keyboard.type(" and some more");
  await page.keyboard.press("Escape");
  await expect(said(page)).toHaveText([...oslo, ...tide]);
  await expect(pencil).toBeFocused();
});

test("a refused edit keeps the typed text, and can be sent again", async ({ page }) => {
  await edit(page, "fail, please");
  const editor = part(page, "Branches").getByRole("textbox", { name: "Edit your message" });
  await expect(editor).toHaveValue("fail, please");
  await expect(editor).toBeFocused();
  await expect(editor).toHaveAccessibleDescription("Couldn't save. The server did not answer.");
  await part(page, "Branches").getByRole("button", { name: "Send", exact: true }).click();
  await expect(said(page).first()).toHaveText("fail, please");
});

test("an empty edit isn't sent, and neither is Enter that ends a composition", async ({ page }) => {
  await edit(page, "  ");
  const editor = part(page, "Branches").getByRole("textbox", { name: "Edit your message" });
  await expect(editor).toHaveAccessibleDescription("Write something, or cancel.");
  await editor.fill("half a word");
  await editor.dispatchEvent("keydown", { key: "Enter", keyCode: 229, isComposing: true, bubbles: true });
  await expect(editor).toHaveValue("half a word");
  await editor.press("Shift+Enter");
  await expect(editor).toHaveValue("half a word\n");
});

test("a regenerated answer becomes a version, and the first one keeps what followed it", async ({ page }) => {
  await button(page, "Regenerate").first().click();
  await expect(said(page)).toHaveText([oslo[0]!, "Another answer, number 2"]);
  await button(page, "Previous version").click();
  await expect(said(page)).toHaveText([...oslo, ...tide]);
});

test("undo and redo keep the focus, down to the first message and back", async ({ page }) => {
  await button(page, "Undo").focus();
  await page.keyboard.press("Enter");
  await expect(said(page)).toHaveText(oslo);
  await expect(button(page, "Undo")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(said(page)).toHaveCount(0);
  // The row moved to the empty page, and the focused button with it.
  await expect(part(page, "Branches").getByRole("log")).toBeFocused();
  await button(page, "Redo").click();
  await button(page, "Continue from here").first().click();
  await expect(said(page)).toHaveText(oslo);
  await button(page, "Redo").click();
  await expect(said(page)).toHaveText([...oslo, ...tide]);
});

test("after regenerating by keyboard, the focus stays in the conversation", async ({ page }) => {
  await button(page, "Edit message").first().focus();
  await page.keyboard.press("Enter");
  await page.keyboard.type(" Or Bergen.");
  await page.keyboard.press("Enter");
  await expect(said(page).first()).toHaveText("My city is Oslo. Or Bergen.");
  await expect(part(page, "Branches").getByRole("log")).toBeFocused();
});

test("all actions fit on a narrow touch screen and are large enough", async ({ browser, baseURL }) => {
  const context = await browser.newContext({
    baseURL,
    hasTouch: true,
    isMobile: true,
    viewport: { width: 320, height: 700 },
  });
  const page = await context.newPage();
  await page.goto("/kit");
  const actions = part(page, "Message actions");
  await expect(actions.getByRole("button", { name: "Next version" }).first()).toBeVisible();
  for (const each of await actions.getByRole("button").all()) {
    const box = await each.boundingBox();
    expect(box?.width).toBeGreaterThanOrEqual(44);
    expect(box?.height).toBeGreaterThanOrEqual(44);
    expect(box!.x).toBeGreaterThanOrEqual(0);
    expect(box!.x + box!.width).toBeLessThanOrEqual(320);
  }
  await context.close();
});
