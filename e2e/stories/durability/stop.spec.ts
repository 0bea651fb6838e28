import { counted, expect, test } from "../../support/story";

test.describe("Stop works in the first moments of a new chat", () => {
  for (const delay of [0, 50, 150, 400, 1_000, 3_000]) {
    test(`after ${delay} ms: the answer is stopped, nothing streams on, and the next message is answered`, async ({
      conversation,
      page,
    }) => {
      for (let round = 0; round < 2; round++) {
        await page.goto("/");
        await conversation.ask("count to 400 at 20 ms");
        await expect(conversation.stopButton).toBeVisible();
        await page.waitForTimeout(delay);
        await conversation.stopButton.click();
        await conversation.settles();
        await expect(page.locator('[data-slot="turn-status"]')).toHaveAttribute("data-state", "stopped");
        await expect(conversation.questions).toHaveCount(1);

        // The turn ends, and the shown answer equals the saved one.
        await expect(page).toHaveURL(/\/chat\//);
        const ended = () =>
          conversation.query(
            `SELECT status, (SELECT count(*)::int FROM "Message" WHERE "chatId" = "Chat".id AND role = 'user') AS questions
               FROM "Chat" WHERE id = $1 AND "lastInEventId" IS NOT NULL`,
            [conversation.chatId()],
          );
        await expect.poll(ended, { timeout: 60_000 }).toEqual([{ status: "idle", questions: 1 }]);
        await expect(page.getByText(/(Not answered yet|This answer was stopped)\./)).toBeVisible();
        await expect(page.getByText(/didn't react/)).toHaveCount(0);
        expect((await conversation.answerTexts.allTextContents()).join(" ")).not.toContain("399");

        await conversation.ask("count to 3");
        await conversation.settles();
        await expect(conversation.answerTexts.last()).toHaveText(counted(3));
      }
    });
  }
});
