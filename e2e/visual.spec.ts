/**
 * One picture of each section of the gallery, in light and in dark. A new section has none yet: make it with
 * `npm run screenshots`, which also takes what has changed on purpose.
 */
import { expect, test } from "./support/story";

for (const colorScheme of ["light", "dark"] as const) {
  test(`every section of the kit looks as it did, ${colorScheme}`, async ({ page }) => {
    test.setTimeout(300_000);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    // What says how long ago something was says it of this moment.
    await page.clock.setFixedTime(new Date("2025-11-14T14:10:00Z"));
    await page.setViewportSize({ width: 800, height: 900 });
    await page.goto("/kit");
    await page.evaluate(() => document.fonts.ready);

    const sections = page.locator("[data-case]");
    await expect(sections.last()).toBeVisible();
    for (const section of await sections.all()) {
      const name = (await section.getAttribute("aria-label")) ?? "";
      await test.step(name, async () => {
        await section.scrollIntoViewIfNeeded();
        await expect.soft(section).toHaveScreenshot([colorScheme, `${fileNameOf(name)}.png`]);
      });
    }
  });
}

function fileNameOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
}
