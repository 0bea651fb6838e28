import type { Locator, Page } from "@playwright/test";
import { expect, test } from "../../support/story";

const part = (page: Page, name: string) => page.getByRole("group", { name, exact: true });
const distanceToEnd = (log: Locator) =>
  log.evaluate((element) => element.scrollHeight - element.clientHeight - element.scrollTop);

test.describe("composer", () => {
  test("sends once however often it is pressed, and empties the box", async ({ page }) => {
    await page.goto("/kit");
    const composer = part(page, "Composer");
    const box = composer.getByPlaceholder("Sends to the list below");
    await box.fill("  only once  ");
    await composer.getByRole("button", { name: "Send" }).first().dblclick();
    await expect(composer.getByRole("list", { name: "Sent" }).getByRole("listitem")).toHaveText([
      "only once",
    ]);
    await expect(box).toHaveValue("");
  });

  test("Enter sends, Shift+Enter is a new line, Enter inside a composition is neither", async ({ page }) => {
    await page.goto("/kit");
    const composer = part(page, "Composer");
    const box = composer.getByPlaceholder("Sends to the list below");
    await box.pressSequentially("one");
    await page.keyboard.press("Shift+Enter");
    await box.pressSequentially("two");
    await expect(box).toHaveValue("one\ntwo");
    await box.dispatchEvent("keydown", { key: "Enter", keyCode: 229, isComposing: true, bubbles: true });
    await box.pressSequentially(" three");
    await page.keyboard.press("Enter");
    // If the composing Enter had sent, "one two" would be a message of its own.
    await expect(composer.getByRole("listitem")).toHaveText(["one two three"]);
  });

  test("keeps the text when sending fails, and sends it on the second try", async ({ page }) => {
    await page.goto("/kit");
    const composer = part(page, "Composer");
    const box = composer.getByPlaceholder("Sends to the list below");
    await box.fill("fail, please");
    await page.keyboard.press("Enter");
    await expect(composer.getByRole("alert")).toContainText("Not sent. The server did not answer.");
    await expect(box).toHaveValue("fail, please");
    await composer.getByRole("button", { name: "Try again" }).click();
    await expect(composer.getByRole("listitem")).toHaveText(["fail, please"]);
    await expect(composer.getByRole("alert")).toHaveCount(0);
  });

  test("keeps text typed while a message is being sent", async ({ page }) => {
    await page.clock.install();
    await page.goto("/kit");
    const composer = part(page, "Composer");
    const box = composer.getByPlaceholder("Sends to the list below");
    await box.fill("first");
    // With the clock stopped, sending can't end before the rest is typed, however slow the machine.
    await page.clock.pauseAt(Date.now() + 60_000);
    await page.keyboard.press("Enter");
    await page.keyboard.type("second");
    // The first message has left the box, so the next text is a separate message.
    await expect(box).toHaveValue("second");
    await page.clock.resume();
    await expect(composer.getByRole("listitem")).toHaveText(["first"]);
    await expect(box).toHaveValue("second");
  });

  test("restores its draft after a reload", async ({ page }) => {
    await page.goto("/kit");
    const box = part(page, "Composer").getByPlaceholder("Sends to the list below");
    await box.fill("half a thought");
    await page.reload();
    await expect(box).toHaveValue("half a thought");
  });

  test("keeps text typed before hydration", async ({ page }) => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route("**/_next/static/**/*.js*", async (route) => {
      await held;
      await route.continue();
    });
    await page.goto("/kit", { waitUntil: "commit" });
    const composer = part(page, "Composer");
    const box = composer.getByPlaceholder("Sends to the list below");
    await box.pressSequentially("early words");
    release();
    await expect(composer.getByRole("button", { name: "Send" }).first()).toBeEnabled();
    await expect(box).toHaveValue("early words");
  });

  test("says why it can't send", async ({ page }) => {
    await page.goto("/kit");
    const composer = part(page, "Composer");
    await expect(composer.getByRole("button", { name: "Send" }).first()).toBeDisabled();
    await composer.getByPlaceholder("Sends to the list below").fill("  \n ");
    await expect(composer.getByRole("button", { name: "Send" }).first()).toBeDisabled();
    await composer.getByPlaceholder("At most 20 characters").fill("x".repeat(25));
    await expect(
      composer.getByText("This is 25 characters long; 20 can be sent. Shorten it by 5."),
    ).toBeVisible();
    await composer.getByPlaceholder("While an answer streams").fill("next");
    await expect(composer.getByText("You can send this when the answer ends, or stop it now.")).toBeVisible();
    await expect(composer.getByText("This chat is read-only.")).toBeVisible();
  });
});

test.describe("message list", () => {
  test("shows its end before any script has run", async ({ browser, baseURL }) => {
    const context = await browser.newContext({ ...(baseURL && { baseURL }), javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto("/kit");
    await expect(part(page, "Shell").getByText("Say the word and I send the refund.")).toBeInViewport();
    await context.close();
  });

  test("follows an answer until the reader scrolls away, and jumps back", async ({ page }) => {
    await page.goto("/kit");
    const shell = part(page, "Shell");
    const log = shell.getByRole("log", { name: "Conversation" });
    await shell.getByRole("textbox", { name: "Message" }).fill("How do tides work?");
    await page.keyboard.press("Enter");
    await expect(shell.getByRole("heading", { name: "What decides their height" })).toBeVisible();
    await expect.poll(() => distanceToEnd(log)).toBeLessThan(4);

    await log.hover();
    await page.mouse.wheel(0, -400);
    const jump = shell.getByRole("button", { name: "Jump to latest" });
    await expect(jump).toBeVisible();
    await expect(shell.getByText("water takes about six hours")).toBeAttached();
    expect(await distanceToEnd(log)).toBeGreaterThan(300);

    await jump.click();
    await expect(jump).toHaveCount(0);
    await expect(log).toBeFocused();
    await expect.poll(() => distanceToEnd(log)).toBeLessThan(4);
    await expect(shell.getByRole("status", { name: "Turn status" })).toContainText("Answer finished");
  });
});

test.describe("a model's text", () => {
  test("no request goes to another origin", async ({ page, baseURL }) => {
    const foreign: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(baseURL ?? "http://localhost") && !/^(data|blob):/.test(request.url()))
        foreign.push(request.url());
    });
    await page.goto("/kit");
    await expect(part(page, "Markdown, hostile").getByText("[Image blocked: secret]")).toBeVisible();
    await expect(part(page, "Markdown, hostile").getByRole("link", { name: "script" })).toHaveCount(0);
    await expect(part(page, "Markdown, hostile").locator("img")).toHaveCount(0);
    expect(foreign).toEqual([]);
  });

  test("a message that can't be displayed shows its text, and the page keeps working", async ({ page }) => {
    await page.goto("/kit");
    const messages = part(page, "Messages");
    await messages.getByRole("button", { name: "Show a message that can't be displayed" }).click();
    await expect(messages.getByText("These words are fine.")).toBeVisible();
    await expect(messages.getByText("I found the order.")).toBeVisible();
  });

  test("a tool card opens with the keyboard and shows what went in and out", async ({ page }) => {
    await page.goto("/kit");
    const header = part(page, "Tool card").getByRole("button", { name: /Lookup order Done/ });
    await header.focus();
    await page.keyboard.press("Enter");
    await expect(header).toHaveAttribute("aria-expanded", "true");
    await expect(part(page, "Tool card").getByRole("group", { name: "Output" })).toContainText("ARC-LAMP-02");
  });
});

for (const width of [320, 390, 1280]) {
  test(`nothing is wider than the page at ${width} px`, async ({ page }) => {
    await page.setViewportSize({ width, height: 900 });
    await page.goto("/kit");
    await expect(part(page, "Markdown").getByRole("group", { name: "Table" })).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
  });
}

test("on a phone the chats are in a drawer that returns the focus", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("/kit");
  const open = part(page, "Shell").getByRole("button", { name: "Chats" });
  await open.click();
  const drawer = page.getByRole("dialog", { name: "Chats" });
  await expect(drawer.getByRole("link", { name: "Trip to Oslo" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(drawer).toHaveCount(0);
  await expect(open).toBeFocused();
});

test("the theme can be switched and is kept", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto("/kit");
  await page.getByRole("button", { name: "Switch theme" }).first().click();
  await expect(page.locator("html")).toHaveClass(/dark/);
  await page.reload();
  await expect(page.locator("html")).toHaveClass(/dark/);
});
