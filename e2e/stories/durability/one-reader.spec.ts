import { counted, expect, test } from "../../support/story";

const button = (name: string) => ({ name, exact: true });

test.describe("the answer after a decision is shown even if its first record is late", () => {
  for (const delay of [50, 150, 300]) {
    test(`by ${delay} ms: the answer continues in its message, without an error`, async ({
      conversation,
      page,
    }) => {
      await page.route("**/realtime/v1/sessions/*/out", async (route) => {
        await new Promise((resolve) => setTimeout(resolve, delay));
        await route.continue().catch(() => {});
      });
      const complaint = page.getByText(/No tool invocation|failed|went wrong/);
      await conversation.ask("Let a sub-agent find a courier");
      const asking = page.getByRole("article", { name: "Which days suit the courier?" });
      await asking.getByRole("checkbox", { name: "Monday" }).check();
      await asking.getByRole("button", button("Answer")).click();
      await expect(conversation.answers.last()).toContainText("Noted: you chose mon.");
      await conversation.settles();
      await expect(complaint).toHaveCount(0);

      await conversation.ask("Refund 20 EUR of order A-77");
      const refund = page.getByRole("article", { name: "Refund 20 EUR of order A-77" });
      await refund.getByRole("button", button("Approve")).click();
      await expect(conversation.answers.last()).toContainText("I refunded 20 EUR of order A-77");
      await conversation.settles();
      await expect(complaint).toHaveCount(0);
      await expect(conversation.answers).toHaveCount(2);
    });
  }
});

test("after many quick version switches, a reload shows the last one", async ({ conversation, page }) => {
  await conversation.ask("count to 3");
  await conversation.settles();
  for (let version = 2; version <= 4; version++) {
    await conversation.answers.first().getByRole("button", { name: "Regenerate" }).click();
    await expect(
      conversation.answers.first().getByLabel(`Version ${version} of ${version}`).first(),
    ).toBeVisible();
    await conversation.settles();
  }
  const answer = conversation.answers.first();
  const shown = () =>
    answer
      .getByLabel(/^Version \d of 4$/)
      .first()
      .getAttribute("aria-label");
  for (let press = 0; press < 14; press++) {
    const before = await shown();
    const name = press % 5 < 3 ? "Previous version" : "Next version";
    const way = answer.getByRole("button", { name });
    if (!(await way.isEnabled())) continue;
    await way.click();
    await expect.poll(shown).not.toBe(before);
  }
  const last = await shown();
  await page.waitForTimeout(400);
  await page.reload();
  await expect.poll(shown).toBe(last);
  await expect(answer).toContainText(counted(3));
});

test("a tab that took over without sending releases the chat", async ({ conversation, page }) => {
  await conversation.ask("count to 3");
  await conversation.settles();
  const second = await page.context().newPage();
  await second.goto(page.url());
  await expect(second.locator('[data-slot="message"]')).toHaveCount(2);
  let refuse = () => {};
  await page.route("**/in/append", async (route) => {
    await new Promise<void>((resolve) => (refuse = resolve));
    await route.fulfill({ status: 413, json: { error: "too large" } });
  });
  await conversation.ask("count to 4");
  await second.getByRole("button", { name: "Take over" }).click();
  await expect(page.getByRole("button", { name: "Take over" })).toBeVisible();
  refuse();
  await expect(page.getByRole("button", { name: "Take over" })).toHaveCount(0);
  await page.unroute("**/in/append");
  await expect(page.getByRole("alert").filter({ hasText: "Not sent." })).toBeVisible();
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(conversation.answerTexts.last()).toHaveText(counted(4));
  await second.close();
});

test("leaving the page cancels its uploads", async ({ conversation, page }) => {
  await conversation.ask("count to 3");
  await conversation.settles();
  const broken: string[] = [];
  page.on("requestfailed", (request) => broken.push(new URL(request.url()).pathname));
  await page.route("**/attachments?name=*", () => {});
  await page.locator('input[type="file"]').setInputFiles({
    name: "tides.txt",
    mimeType: "text/plain",
    buffer: Buffer.from("06:12 high\n"),
  });
  await expect(page.getByText(/still uploading/)).toBeVisible();
  await page.getByRole("link", { name: /Inbox/ }).click();
  await expect(page).toHaveURL(/\/inbox/);
  await expect.poll(() => broken).toContain("/attachments");
});

test("a silent model is reported, and Retry asks it again", async ({ conversation, page }) => {
  await conversation.ask("count to 3 at 60000 ms");
  const status = page.locator('[data-slot="turn-status"]');
  await expect(status).toContainText("Still waiting for the model", { timeout: 60_000 });
  await status.getByRole("button", button("Retry")).click();
  await expect(status).not.toContainText("Still waiting for the model");
  await expect(conversation.stopButton).toBeVisible();
  await expect(status).toContainText("Still waiting for the model", { timeout: 60_000 });
  await status.getByRole("button", button("Stop")).click();
  await conversation.settles();
  await expect(status).toHaveAttribute("data-state", "stopped");
  await expect(conversation.questions).toHaveCount(1);
});
