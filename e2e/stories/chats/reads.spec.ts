/** Slow reads never delay a person's actions. */
import { expect, test } from "../../support/story";

test("Approve works at once while a read hangs", async ({ conversation, page }) => {
  await conversation.ask("Refund 20 EUR of order A-77 and email the customer");
  const refund = page.getByRole("article", { name: "Refund 20 EUR of order A-77" });
  const approve = refund.getByRole("button", { name: "Approve", exact: true });
  await expect(approve).toBeVisible();
  await conversation.settles();

  // No read gets an answer until the end of this story.
  let isHanging = true;
  let hung = 0;
  let letGo = () => {};
  const end = new Promise<void>((resolve) => (letGo = resolve));
  await page.route(
    (url) => !url.pathname.startsWith("/engine/"),
    async (route) => {
      if (isHanging) {
        hung += 1;
        await end;
      }
      await route.continue();
    },
  );
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange", { bubbles: true })));
  await expect.poll(() => hung).toBeGreaterThan(0);
  isHanging = false;

  await approve.click();
  const isApproved = `SELECT 1 FROM "HumanRequest" WHERE "chatId" = $1 AND state = 'approved'`;
  await expect.poll(() => conversation.query(isApproved, [conversation.chatId()])).toHaveLength(1);
  await expect(refund).toContainText("Approved");
  letGo();
  await page.unrouteAll({ behavior: "wait" });
});
