import { Conversation, counted, expect, test } from "../../support/story";

test("the inspector shows a live session and crashes its worker, and the answer completes", async ({
  conversation,
  context,
  page,
}) => {
  const inspector = await context.newPage();
  await inspector.goto("/inspect");
  await expect(inspector.getByText("No sessions yet.")).toBeVisible();
  // Long enough for a slow machine to see it running.
  await conversation.ask("count to 80 at 100 ms");
  const sessions = inspector.getByRole("navigation", { name: "Sessions" });
  await expect(sessions.getByRole("link", { name: /count to 80/ })).toHaveAttribute("aria-current", "page");
  await expect(inspector.getByRole("heading", { level: 1 })).toHaveText("count to 80 at 100 ms");
  await expect(inspector.getByRole("row", { name: /First run Running/ })).toBeVisible();

  // The records arrive while the page is open.
  const records = inspector.getByRole("list", { name: "Records, oldest first" });
  await expect(records.locator('[data-io="in"]').filter({ hasText: "count to 80" })).toBeVisible();
  const pieces = records.locator('[data-io="out"]').filter({ hasText: "text-delta" }).first();
  await expect(pieces).toContainText(/\b8 9 10\b/);

  await inspector.getByRole("button", { name: "Crash the worker" }).click();
  await expect(inspector.getByText(/Killed worker \d+\. Another run took over/)).toBeVisible();
  await expect(inspector.getByRole("row", { name: /First run .*Crashed/ })).toBeVisible();
  await expect(inspector.getByRole("row", { name: /After a crash Running/ })).toBeVisible();
  await expect(records.getByText("Run #1 crashed")).toBeVisible();

  await conversation.settles();
  await expect(conversation.answerTexts.last()).toContainText(counted(80));
  await expect(records.getByText("turn-complete")).toBeVisible();
  await expect(inspector.getByText("Awake").first()).toBeVisible();

  const message = records.locator('[data-io="in"]').first();
  await message.locator("summary").focus();
  await inspector.keyboard.press("Enter");
  await expect(message.getByRole("group", { name: "Body of message" })).toContainText('"trigger"');
  await inspector.close();
  await page.reload();
  await expect(conversation.answerTexts.last()).toContainText(counted(80));
});

test("a stranger can't see the session", async ({ app, browser, conversation }) => {
  await conversation.ask("count to 3");
  await conversation.settles();
  const chatId = conversation.chatId();

  const elsewhere = await browser.newContext({ baseURL: app.url });
  const stranger = new Conversation(await elsewhere.newPage(), app);
  await stranger.page.goto(`/inspect?session=${chatId}`);
  await expect(stranger.page.getByText("No sessions yet.")).toBeVisible();
  await expect(stranger.page.getByText("Session not found. It may belong to someone else.")).toBeVisible();
  expect((await stranger.page.request.get(`/inspect/watch?session=${chatId}`)).status()).toBe(404);
  expect(await (await stranger.page.request.get("/inspect/sessions")).json()).toMatchObject({ sessions: [] });
  await elsewhere.close();
});

test("the browser never gets the engine's key, or access without it", async ({ app, conversation, page }) => {
  await conversation.ask("count to 2");
  await conversation.settles();
  const bodies: string[] = [];
  page.on("response", (response) => {
    if (!response.url().includes("/inspect/watch"))
      void response.text().then(
        (text) => bodies.push(text),
        () => {},
      );
  });
  await page.goto("/inspect");
  await expect(page.getByRole("row", { name: /First run/ })).toBeVisible();
  expect(bodies.length).toBeGreaterThan(3);
  expect(bodies.filter((body) => body.includes(app.engine.secretKey))).toEqual([]);
  expect((await page.request.get("/engine/inspect/sessions")).status()).toBe(404);
});
