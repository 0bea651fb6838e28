import type { Locator, Page } from "@playwright/test";
import { expect, test } from "../../support/story";

const part = (page: Page, name: string) => page.getByRole("group", { name, exact: true });
const topOf = (message: Locator) =>
  message.evaluate((element) => Math.round(element.getBoundingClientRect().top));
const distanceToEnd = (log: Locator) =>
  log.evaluate((element) => element.scrollHeight - element.clientHeight - element.scrollTop);

/** A conversation of a thousand messages in its own box. The newest fifty are loaded. */
class LongConversation {
  readonly box: Locator;
  readonly log: Locator;
  readonly messages: Locator;
  readonly jump: Locator;
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
    this.box = part(page, "Long conversation");
    this.log = this.box.getByRole("log", { name: "Conversation" });
    this.messages = this.log.locator("[data-message-id]");
    this.jump = this.box.getByRole("button", { name: "Jump to latest" });
  }

  press(name: string) {
    return this.box.getByRole("button", { name, exact: true }).click();
  }

  question(number: number) {
    return this.log.getByText(`Question ${number}:`);
  }

  /** Scrolls in steps, as a reader does, until the message is in the page. */
  async scrollUpTo(message: Locator) {
    await this.log.hover();
    await expect(async () => {
      await this.page.mouse.wheel(0, -400);
      await expect(message).toBeInViewport({ timeout: 100 });
    }).toPass({ timeout: 60_000 });
  }
}

test.describe("a long conversation", () => {
  test("keeps only a window of messages in the page, and keeps the reader's position as it moves", async ({
    page,
  }) => {
    await page.goto("/kit");
    const chat = new LongConversation(page);
    await chat.box.scrollIntoViewIfNeeded();
    await expect(chat.question(500)).toBeInViewport();
    await chat.press("Load all 1,000");
    await expect(chat.messages).not.toHaveCount(0);
    expect(await chat.messages.count()).toBeLessThan(100);

    const found = chat.question(460);
    await chat.scrollUpTo(found);
    expect(await chat.messages.count()).toBeLessThan(100);

    const before = await topOf(found);
    await chat.press("One more message");
    await chat.press("One more message");
    await expect(chat.jump).toContainText("2 new");
    expect(await topOf(found)).toBe(before);

    await chat.jump.click();
    await expect(chat.log.getByText("One more thing, number 2.")).toBeInViewport();
    await expect(chat.jump).toHaveCount(0);
    await expect.poll(() => distanceToEnd(chat.log)).toBeLessThan(4);
  });

  test("reports a failed load of earlier messages, retries by keyboard, and shifts nothing when they appear", async ({
    page,
  }) => {
    await page.goto("/kit");
    const chat = new LongConversation(page);
    await chat.box.scrollIntoViewIfNeeded();
    await chat.press("Server down");
    await chat.log.hover();
    const alert = chat.log.getByRole("alert");
    await expect(async () => {
      await page.mouse.wheel(0, -1000);
      await expect(alert).toBeVisible({ timeout: 100 });
    }).toPass({ timeout: 60_000 });
    await expect(alert).toContainText("Couldn't load earlier messages");

    await chat.press("Server down");
    const again = chat.log.getByRole("button", { name: "Try again" });
    await again.focus();
    const found = chat.question(477);
    await expect(found).toBeInViewport();
    const before = await topOf(found);
    await page.keyboard.press("Enter");
    await expect(chat.log.locator('[data-message-id="long-949"]')).toBeAttached();
    await expect(alert).toHaveCount(0);
    expect(Math.abs((await topOf(found)) - before)).toBeLessThanOrEqual(1);
  });

  test("the reader's position survives a reload, also on an earlier page", async ({ page }) => {
    await page.goto("/kit");
    const chat = new LongConversation(page);
    await chat.box.scrollIntoViewIfNeeded();
    const found = chat.question(465);
    await chat.scrollUpTo(found);
    // The gallery itself is a long page; this checks the position inside the list.
    const within = () =>
      found.evaluate((element) => {
        const log = element.closest('[role="log"]');
        return Math.round(element.getBoundingClientRect().top - (log?.getBoundingClientRect().top ?? 0));
      });
    const before = await within();
    await page.reload();
    await expect(found).toBeAttached();
    await expect.poll(async () => Math.abs((await within()) - before)).toBeLessThanOrEqual(2);
    await expect(chat.jump).toBeVisible();
  });
});

test.describe("extreme content doesn't freeze the page", () => {
  for (const name of [
    "10,000-row table",
    "200 KB line",
    "50,000 nested quotes",
    "10,000 accents",
    "Right to left",
    "2 MB of base64",
    "Prototype keys",
    "A drawing that fails",
    "Links and images",
  ]) {
    test(name, async ({ page, baseURL }) => {
      const foreign: string[] = [];
      page.on("request", (request) => {
        if (!request.url().startsWith(baseURL ?? "") && !/^(data|blob):/.test(request.url()))
          foreign.push(request.url());
      });
      await page.goto("/kit");
      const samples = part(page, "Out of proportion");
      await samples.getByRole("button", { name, exact: true }).click();
      await expect(samples.locator('[data-slot="message-content"]')).not.toBeEmpty();
      await expect(samples.locator('[data-slot="message-failed"]')).toHaveCount(0);
      // The page isn't frozen: another part of it still responds.
      const wrap = part(page, "Code").getByRole("button", { name: "Wrap lines" }).first();
      await wrap.click();
      await expect(wrap).toHaveAttribute("aria-pressed", "true");
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
      expect(await page.evaluate(() => "polluted" in {})).toBe(false);
      expect(foreign).toEqual([]);
    });
  }

  test("a long table shows more rows on request", async ({ page }) => {
    await page.goto("/kit");
    const samples = part(page, "Out of proportion");
    await samples.getByRole("button", { name: "10,000-row table" }).click();
    await expect(samples.getByText("100 of 10,000 rows")).toBeVisible();
    await samples.getByRole("button", { name: "Show 100 more" }).click();
    await expect(samples.getByText("200 of 10,000 rows")).toBeVisible();
    await expect(samples.getByRole("cell", { name: "200", exact: true })).toBeAttached();
  });
});

test("code is highlighted when it comes into view, and stays one text node", async ({ page }) => {
  await page.goto("/kit");
  const code = part(page, "Code").locator("pre code").first();
  await code.scrollIntoViewIfNeeded();
  const keywords = () =>
    page.evaluate(() =>
      [...(CSS.highlights.get("code-keyword") ?? [])].map((range) =>
        range.startContainer.textContent?.slice(range.startOffset, range.endOffset),
      ),
    );
  await expect.poll(keywords).toContain("return");
  expect(await code.evaluate((element) => element.childNodes.length)).toBe(1);
});

test("formulas and diagrams appear where they are enabled", async ({ page }) => {
  await page.goto("/kit");
  const drawn = part(page, "Formulas and drawings");
  await expect(drawn.locator("math")).toHaveCount(3);
  await expect(drawn.getByRole("term").filter({ hasText: "Fundy" })).toBeVisible();
});

test("an image opens large and returns the focus", async ({ page }) => {
  await page.goto("/kit");
  const open = part(page, "Images and files").getByRole("button", { name: "Open image: tide-gauge.png" });
  await open.focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "tide-gauge.png" });
  await expect(dialog.getByRole("img", { name: "tide-gauge.png" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await expect(open).toBeFocused();
});
