/** The connection fails before part of the page has loaded: the part loads when the connection is back. */
import { expect, test } from "../../support/story";

test("an answer whose renderer failed to load is rendered when the connection is back, with highlighting", async ({
  conversation,
  page,
  context,
}) => {
  let isLost = false;
  let lost = 0;
  await page.route(/_next\/static\/.*\.js/, async (route) => {
    if (!isLost) return route.continue();
    lost += 1;
    return route.abort("internetdisconnected");
  });
  // The conversation still loads. Every script that it needs from here on fails.
  page.on("request", (request) => {
    if (request.url().includes("/engine/")) isLost = true;
  });
  await conversation.ask("A long guide with a table and code");
  await conversation.settles();
  const answer = conversation.answers.last();
  await expect(answer.locator("[data-slot=markdown-plain]")).toContainText("## ");
  expect(lost).toBeGreaterThan(0);
  await expect(page.locator("[data-slot=message-failed]")).toHaveCount(0);

  await page.unrouteAll({ behavior: "wait" });
  await context.setOffline(true);
  await context.setOffline(false);
  await expect(answer.getByRole("heading").first()).toBeVisible();
  await expect(answer.locator("table").first()).toBeVisible();
  await expect.poll(() => page.evaluate(() => CSS.highlights.size)).toBeGreaterThan(0);
});

test("the palette opens once its script has loaded", async ({ conversation, page, context }) => {
  await expect(conversation.composer).toBeVisible();
  await page.route(/_next\/static\/.*\.js/, (route) => route.abort("internetdisconnected"));
  await page.keyboard.press("ControlOrMeta+k");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.unrouteAll({ behavior: "wait" });
  await context.setOffline(true);
  await context.setOffline(false);
  await expect(page.getByRole("dialog", { name: "Command palette" })).toBeVisible();
});
