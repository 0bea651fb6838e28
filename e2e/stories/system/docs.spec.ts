/** The documentation: it opens, links its pages, fits a phone, needs no script, and is available as Markdown. */
import { expectAccessible } from "../../support/axe";
import { expect, test } from "../../support/story";

test("the settings link to the documentation, whose pages link to each other", async ({ page }) => {
  await page.goto("/settings");
  await page.getByRole("link", { name: "Documentation" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Docs");
  await expect(page).toHaveTitle("Docs · Holdfast");
  await expectAccessible(page, "the list of all pages");

  await page.getByRole("main").getByRole("link", { name: "Settings", exact: true }).click();
  await expect(page).toHaveURL(/\/docs\/settings$/);
  await expect(page).toHaveTitle("Settings · Holdfast docs");
  const nav = page.getByRole("navigation", { name: "Docs", exact: true });
  await expect(nav.getByRole("link", { name: "Settings", exact: true })).toHaveAttribute(
    "aria-current",
    "page",
  );
  await expect(page.getByRole("table")).toContainText("DATABASE_URL");
  await expectAccessible(page, "a page with a table");

  await page.getByRole("link", { name: /^Next/ }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Deploy");
  await page.getByRole("link", { name: /^Previous/ }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Settings");
});

test("headings link to themselves, and can be linked from other pages", async ({ page }) => {
  await page.goto("/docs/how-it-works");
  await page.getByRole("main").getByRole("link", { name: "A deleted chat is kept for a day" }).click();
  await expect(page).toHaveURL(/\/docs\/decisions\/chats#a-deleted-chat-is-kept-for-a-day$/);
  const heading = page.getByRole("heading", { name: "A deleted chat is kept for a day" });
  await expect(heading).toBeInViewport();
  await heading.getByRole("link").click();
  await expect(page).toHaveURL(/#a-deleted-chat-is-kept-for-a-day$/);
});

test("code scrolls by keyboard, and the first Tab stop skips to the content", async ({ page }) => {
  await page.goto("/docs/requests");
  await expectAccessible(page, "a page with code");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
});

test("an unknown page is not found, and still shows the list of pages", async ({ page }) => {
  const response = await page.goto("/docs/no-such-page");
  expect(response?.status()).toBe(404);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Page not found");
  await expect(page).toHaveTitle("Not found · Holdfast docs");
  await page.getByRole("main").getByRole("link", { name: "All pages" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Docs");
});

test("every page is available as Markdown, and llms.txt lists it", async ({ page, request }) => {
  await page.goto("/docs/decisions/branches");
  const [download] = await Promise.all([
    page.waitForResponse((response) => response.url().endsWith("/docs/decisions/branches.md")),
    page.getByRole("link", { name: "This page as Markdown" }).click(),
  ]);
  expect(download.headers()["content-type"]).toBe("text/markdown; charset=utf-8");

  const list = await request.get("/llms.txt");
  expect(list.headers()["content-type"]).toContain("text/plain");
  const links = [...(await list.text()).matchAll(/\]\((\/docs\/[^)]+)\)/g)].map((match) => match[1] ?? "");
  expect(links.length).toBeGreaterThan(10);
  for (const link of links) {
    const source = await request.get(link);
    expect(source.status(), link).toBe(200);
    expect(source.headers()["content-type"], link).toBe("text/markdown; charset=utf-8");
    expect(await source.text(), link).toMatch(/^# /);
  }
  expect((await request.get("/docs/no-such-page.md")).status()).toBe(404);
});

test.describe("on a phone, without any script", () => {
  test.use({
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
    javaScriptEnabled: false,
  });

  test("the list of pages is a disclosure, and no page is wider than the screen", async ({
    page,
    request,
  }) => {
    await page.goto("/docs/settings");
    const nav = page.getByRole("navigation", { name: "Docs", exact: true });
    await expect(nav).toBeHidden();
    await page.getByText("All pages").tap();
    await nav.getByRole("link", { name: "Commands" }).tap();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Commands");

    const list = await (await request.get("/llms.txt")).text();
    const addresses = [...list.matchAll(/\]\((\/docs\/[^)]+)\.md\)/g)].map((match) => match[1] ?? "");
    for (const address of ["/docs", ...addresses]) {
      await page.goto(address);
      const { width } = (await page.locator("html").boundingBox()) ?? { width: 0 };
      const right = await page
        .locator("main")
        .evaluate((main) => main.ownerDocument.documentElement.scrollWidth);
      expect(right, address).toBeLessThanOrEqual(width);
    }
  });
});
