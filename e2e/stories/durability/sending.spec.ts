import type { Page, Route } from "@playwright/test";
import { counted, expect, test } from "../../support/story";

const user = (text: string) => ({ role: "user" as const, text });
const assistant = (text: string | RegExp) => ({ role: "assistant" as const, text });
const notSent = (page: Page) => page.getByRole("alert").filter({ hasText: "Not sent." });

/** Holds the page's requests to an address until released. */
async function hold(page: Page, url: string) {
  const held: Route[] = [];
  let isHolding = true;
  await page.route(url, (route) => (isHolding ? void held.push(route) : route.continue()));
  return {
    count: () => held.length,
    async release(how: (route: Route) => Promise<void> = (route) => route.continue()) {
      isHolding = false;
      for (const route of held.splice(0)) await how(route).catch(() => {});
    },
  };
}

test("a broken stream doesn't fail a message that is being sent", async ({ conversation, page }) => {
  await conversation.ask("count to 3");
  await conversation.settles();
  await expect.poll(() => conversation.saved()).toHaveLength(2);
  const stream = await hold(page, "**/realtime/v1/sessions/*/out");
  await page.reload();
  await expect.poll(stream.count).toBeGreaterThan(0);
  const append = await hold(page, "**/in/append");
  await conversation.ask("count to 4");
  await expect.poll(append.count).toBe(1);
  await stream.release((route) => route.fulfill({ status: 410, json: { error: "Gone" } }));
  // The page has processed this by the time it shows the next typed text.
  await conversation.composer.fill("the next thought");
  await expect(notSent(page)).toHaveCount(0);
  await append.release();
  await expect(conversation.answerTexts.last()).toHaveText(counted(4));
  await expect(notSent(page)).toHaveCount(0);
  await expect(conversation.composer).toHaveValue("the next thought");
  await conversation.stands([
    user("count to 3"),
    assistant(counted(3)),
    user("count to 4"),
    assistant(counted(4)),
  ]);
});

test("Stop while sending takes effect at once, and an undelivered message goes to the queue", async ({
  conversation,
  page,
}) => {
  await conversation.ask("count to 3");
  await conversation.settles();
  const append = await hold(page, "**/in/append");
  await conversation.ask("count to 400 at 20 ms");
  await expect.poll(append.count).toBe(1);
  await conversation.stopButton.click();
  await expect(conversation.stopButton).toHaveCount(0, { timeout: 5_000 });
  await conversation.ask("count to 4");
  await append.release((route) => route.abort());
  await expect(conversation.answerTexts.last()).toHaveText(counted(4));
  await conversation.settles();
  await expect(page.locator("[data-queued]")).toHaveText(/count to 400/);
  await expect(conversation.questions).toHaveCount(2);
});

test("Stop while sending also stops a message that is delivered late", async ({ conversation, page }) => {
  await conversation.ask("count to 3");
  await conversation.settles();
  const append = await hold(page, "**/in/append");
  await conversation.ask("count to 400 at 20 ms");
  await expect.poll(append.count).toBe(1);
  await conversation.stopButton.click();
  await conversation.settles();
  await append.release();
  await expect.poll(async () => (await conversation.saved()).length).toBeGreaterThanOrEqual(3);
  await expect(page.getByText(/(Not answered yet|This answer was stopped)\./)).toBeVisible();
  expect((await conversation.answerTexts.allTextContents()).join(" ")).not.toContain("399");
  await conversation.ask("count to 4");
  await conversation.settles();
  await expect(conversation.answerTexts.last()).toHaveText(counted(4));
});

test("a message written while another is being sent is queued separately", async ({ conversation, page }) => {
  const append = await hold(page, "**/in/append");
  await conversation.composer.fill("count to 3");
  await page.keyboard.press("Enter");
  await expect(conversation.composer).toHaveValue("");
  await conversation.composer.pressSequentially("count to 4");
  await page.keyboard.press("Enter");
  await expect(page.locator("[data-queued]")).toHaveText(/count to 4/);
  await expect(conversation.composer).toHaveValue("");
  await expect.poll(append.count).toBe(1);
  await append.release();
  await expect(page.locator("[data-queued]")).toHaveCount(0);
  await conversation.stands([
    user("count to 3"),
    assistant(counted(3)),
    user("count to 4"),
    assistant(counted(4)),
  ]);
});

test("a refused message doesn't merge with text typed since", async ({ conversation, page }) => {
  const append = await hold(page, "**/in/append");
  await conversation.ask("count to 3");
  await expect.poll(append.count).toBe(1);
  await conversation.composer.fill("count to 4");
  await append.release((route) => route.fulfill({ status: 413, json: { error: "appendToSessionStream" } }));
  await expect(notSent(page)).toContainText("This is too large to send.");
  await expect(notSent(page)).toContainText("“count to 3”");
  await expect(notSent(page)).not.toContainText("appendToSessionStream");
  await expect(conversation.composer).toHaveValue("count to 4");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(conversation.answerTexts.last()).toHaveText(counted(3));
  await expect(conversation.composer).toHaveValue("count to 4");
  await expect(notSent(page)).toHaveCount(0);
  await conversation.stands([user("count to 3"), assistant(counted(3))]);
});

test("Try again doesn't resend a message that was delivered", async ({ conversation, page }) => {
  await page.route(
    "**/in/append",
    async (route) => {
      await route.fetch();
      await route.fulfill({ status: 413, json: { error: "lost" } });
    },
    { times: 1 },
  );
  await conversation.ask("count to 30 at 20 ms");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(conversation.answerTexts.last()).toHaveText(counted(30));
  await conversation.stands([user("count to 30 at 20 ms"), assistant(counted(30))]);
});

test("a chat without a session opens without an error, and can be continued", async ({
  conversation,
  page,
}) => {
  await conversation.ask("count to 3");
  await conversation.settles();
  await expect.poll(() => conversation.saved()).toHaveLength(2);
  // Like a restored database: the engine knows nothing about the message.
  await page.route("**/realtime/v1/sessions/*/out", (route) =>
    route.fulfill({ status: 404, json: { error: "Session not found" } }),
  );
  const refused = page.waitForResponse((response) => response.status() === 404);
  await page.reload();
  await refused;
  await expect(conversation.sendButton).toBeVisible();
  await expect(page.locator('[data-slot="turn-status"]')).toHaveAttribute("data-state", "idle");
  await page.unroute("**/realtime/v1/sessions/*/out");
  await conversation.ask("count to 4");
  await expect(conversation.answerTexts.last()).toHaveText(counted(4));
  await expect(page.getByText(/failed|not found/i)).toHaveCount(0);
});
