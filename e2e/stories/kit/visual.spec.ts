/**
 * A screenshot of each section of the gallery, in light and in dark. For a new section, or after an intended change,
 * run `npm run screenshots`.
 */
import type { Locator, Page } from "@playwright/test";
import { expect, test } from "../../support/story";

// Half-size pictures weigh half, still show every shift, and are less sensitive to font smoothing.
test.use({ deviceScaleFactor: 0.5, timezoneId: "UTC", locale: "en-GB" });

for (const colorScheme of ["light", "dark"] as const) {
  test(`every section of the kit looks as it did, ${colorScheme}`, async ({ page }) => {
    test.setTimeout(300_000);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    // Freezes the clock for relative times.
    await page.clock.setFixedTime(new Date("2025-11-14T14:10:00Z"));
    await page.setViewportSize({ width: 800, height: 900 });
    await page.goto("/kit");
    await settle(page);
    for (const section of await page.locator("[data-case]").all()) {
      const name = (await section.getAttribute("aria-label")) ?? "";
      await test.step(name, async () => {
        await alignToPixels(section);
        await expect.soft(section).toHaveScreenshot([colorScheme, `${fileNameOf(name)}.png`]);
      });
    }
  });
}

/**
 * Aligns sections to two pixels, which are one at half size, so that a section's offset doesn't depend on the ones
 * before it.
 */
async function alignToPixels(section: Locator): Promise<void> {
  await section.evaluate((element: HTMLElement) => {
    const top = element.getBoundingClientRect().top + window.scrollY;
    const even = Math.ceil(top / 2) * 2;
    element.style.position = "relative";
    element.style.top = `${even - top}px`;
    window.scrollTo(0, Math.max(0, even - 20));
  });
  await section.scrollIntoViewIfNeeded();
}

/** Waits for everything that loads late, and for the web fonts. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    // The space at the end lets the last sections scroll to the same place, however long the page is.
    sheet.replaceSync("math { display: none } main { padding-bottom: 100vh }");
    document.adoptedStyleSheets.push(sheet);
    return document.fonts.ready;
  });
  // Markdown and its colors load lazily, when they near the screen.
  await page.locator('[data-case][aria-label="Code"]').scrollIntoViewIfNeeded();
  await expect
    .poll(() => page.evaluate(() => CSS.highlights.get("code-keyword")?.size ?? 0))
    .toBeGreaterThan(0);
}

function fileNameOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
}
