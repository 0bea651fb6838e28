/**
 * One picture of each section of the gallery, in light and in dark. A new section has none yet: make it with
 * `npm run screenshots`, which also takes what has changed on purpose.
 */
import type { Locator, Page } from "@playwright/test";
import { expect, test } from "../../support/story";

// At half the size a picture weighs half, still shows what has moved, and the edges of letters matter less.
test.use({ deviceScaleFactor: 0.5, timezoneId: "UTC", locale: "en-GB" });

for (const colorScheme of ["light", "dark"] as const) {
  test(`every section of the kit looks as it did, ${colorScheme}`, async ({ page }) => {
    test.setTimeout(300_000);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    // What says how long ago something was says it of this moment.
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

/** At half the size two pixels are one: where a section begins must not depend on the sections before it. */
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

/** Everything that comes a moment later is there, and nothing that the system's own fonts draw. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("math { display: none }");
    document.adoptedStyleSheets.push(sheet);
    return document.fonts.ready;
  });
  // Markdown and its colours are loaded lazily, as they come near the screen.
  await page.locator('[data-case][aria-label="Code"]').scrollIntoViewIfNeeded();
  await expect
    .poll(() => page.evaluate(() => CSS.highlights.get("code-keyword")?.size ?? 0))
    .toBeGreaterThan(0);
}

function fileNameOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
}
