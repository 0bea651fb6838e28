import { readdir, readFile } from "node:fs/promises";
import { auth } from "@trigger.dev/sdk";
import { demoPrompts } from "@/lib/agent/demo-prompts";
import { Conversation, counted, expect, test } from "../../support/story";

const user = (text: string) => ({ role: "user" as const, text });
const assistant = (text: string | RegExp) => ({ role: "assistant" as const, text });

test("a first visit offers demos, and pressing a card runs it", async ({ conversation, page }) => {
  await expect(page.getByRole("heading", { name: "Try to break it" })).toBeVisible();
  await expect(page.locator('[data-slot="first-run-card"]')).toHaveCount(demoPrompts.length);
  await page.getByRole("button", { name: /Use a tool/ }).click();
  await expect(page).toHaveURL(/\/chat\/[\w-]+$/);
  await conversation.settles();
  await expect(conversation.answerTexts.last()).toContainText("weather");
  await expect(conversation.answerTexts.last()).toContainText("°C");
  await expect(
    page.getByRole("navigation", { name: "Chats" }).getByRole("link", { name: /weather in Oslo/ }),
  ).toBeVisible();
});

test("a returning guest keeps their identity, and a deleted one becomes a new guest", async ({
  conversation,
  page,
}) => {
  await conversation.ask("count to 3");
  await conversation.settles();
  const link = page.getByRole("navigation", { name: "Chats" }).getByRole("link", { name: "count to 3" });
  const owner = `"userId" = (SELECT "userId" FROM "Chat" WHERE id = $1)`;
  const mine = [conversation.chatId()];

  // Within ten days of its end, a visit renews the cookie for another three months.
  await conversation.query(
    `UPDATE "Session" SET "expiresAt" = now() + interval '10 days' WHERE ${owner}`,
    mine,
  );
  await page.goto("/");
  await expect(link).toBeVisible();
  const [session] = await conversation.query<{ days: number }>(
    `SELECT extract(day FROM "expiresAt" - now())::int AS days FROM "Session" WHERE ${owner}`,
    mine,
  );
  expect(session?.days).toBeGreaterThan(80);

  await conversation.query(`DELETE FROM "Session" WHERE ${owner}`, mine);
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Try to break it" })).toBeVisible();
  await expect(link).toHaveCount(0);
  await conversation.ask("count to 4");
  await expect(conversation.answerTexts.last()).toHaveText(counted(4));
});

test("the transcript is in the server's HTML", async ({ conversation, page }) => {
  await conversation.ask("count to 12");
  await conversation.settles();
  await expect.poll(() => conversation.saved()).toHaveLength(2);
  const html = await (await page.request.get(page.url(), { headers: { accept: "text/html" } })).text();
  expect(html).toContain(counted(12));
});

test("a new chat starts empty, and the previous one is a click away", async ({ conversation, page }) => {
  await conversation.ask("count to 3");
  await conversation.settles();
  const first = page.url();
  await page.getByRole("link", { name: "New chat" }).click();
  await expect(page).not.toHaveURL(first);
  await expect(page.locator('[data-slot="message"]')).toHaveCount(0);
  await conversation.ask("count to 4");
  await conversation.settles();
  await page.getByRole("link", { name: "count to 3" }).click();
  await expect(page).toHaveURL(first);
  await conversation.shows([user("count to 3"), assistant(counted(3))]);
  await page.goBack();
  await conversation.shows([user("count to 4"), assistant(counted(4))]);
});

test("a model error is shown, and Retry runs the turn again", async ({ conversation, page }) => {
  await conversation.ask("Show me an error");
  await expect(page.getByText(/Something went wrong/)).toBeVisible();
  await conversation.settles();
  await expect.poll(() => conversation.saved()).toHaveLength(2);
  await page.reload();
  await expect(page.getByText(/Something went wrong/)).toBeVisible();
  // The sentence of the first failure stays until the answer is asked for again.
  const askedAgain = page.waitForResponse(/\/in\/append/);
  await page.getByRole("button", { name: "Retry" }).click();
  await askedAgain;
  await expect(page.getByText(/Something went wrong/)).toBeVisible();
  await conversation.settles();
  await conversation.ask("count to 3");
  await expect(conversation.answerTexts.last()).toHaveText(counted(3));
  await expect(conversation.questions).toHaveCount(2);
});

test("the crash card kills the worker, and the answer still completes", async ({ conversation, page }) => {
  await page.getByRole("button", { name: /Crash the worker/ }).click();
  await expect(conversation.answerTexts.last()).toContainText("this is the whole answer", {
    timeout: 40_000,
  });
  await expect(conversation.answers).toHaveCount(1);
  await expect(conversation.questions).toHaveCount(1);
});

test("a message that kills every worker ends as a failed turn, and the chat still works", async ({
  conversation,
  page,
}) => {
  await conversation.ask("Crash the worker every time");
  await expect(page.getByText(/Something went wrong/)).toBeVisible({ timeout: 60_000 });
  await conversation.ask("count to 3");
  await expect(conversation.answerTexts.last()).toHaveText(counted(3), { timeout: 40_000 });
});

test(
  "someone else's chat and an unknown chat are the same not found",
  { tag: "@promise" },
  async ({ conversation, page, browser, app }) => {
    const calls: Array<{ headers: Record<string, string>; body: string }> = [];
    page.on("request", (request) => {
      const headers = request.headers();
      if (headers["next-action"]) calls.push({ headers, body: request.postData() ?? "" });
    });
    await conversation.ask("count to 3");
    await conversation.settles();
    const owned = page.url();

    const stranger = await browser.newContext();
    const other = await stranger.newPage();
    const answers = [];
    for (const address of [owned, `${app.url}/chat/00000000-0000-4000-8000-000000000000`]) {
      const response = await other.goto(address);
      // The browser shows the refused page shortly after loading it.
      await other.getByRole("heading", { name: "Page not found" }).waitFor();
      answers.push([response?.status(), await other.locator("main, body").first().innerText()]);
    }
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.[0]).toBe(404);

    // The stranger sends exactly what the owner's page sent, with their own cookie.
    const mine = calls.filter(({ body }) => body.includes(conversation.chatId()));
    expect(mine.length).toBeGreaterThan(0);
    for (const { headers, body } of mine) {
      const { cookie: _, "content-length": _length, ...rest } = headers;
      const response = await stranger.request.post(`${app.url}/`, {
        headers: { ...rest, origin: app.url },
        data: body,
      });
      const text = await response.text();
      expect(text).not.toMatch(/eyJ[\w-]+\.[\w-]+\.|count to 3/);
      // An action refuses by throwing, or by finding nothing.
      expect(response.status() === 500 || /^1:null$/m.test(text), text).toBe(true);
    }
    await stranger.close();
  },
);

for (const id of ["..%2F..%2Fetc%2Fpasswd", "a%23b%3Fc", "%F0%9F%90%99", "x", "a%00b"]) {
  test(`the address /chat/${id} is not found`, async ({ page, app }) => {
    const response = await page.goto(`${app.url}/chat/${id}`);
    expect([400, 404]).toContain(response?.status());
  });
}

test("a server action from another origin is refused", async ({ conversation, page, app }) => {
  const action = page.waitForRequest((request) => Boolean(request.headers()["next-action"]));
  await conversation.ask("count to 3");
  const sent = await action;
  for (const origin of [undefined, "https://evil.example"]) {
    const { origin: _, "content-length": _length, ...headers } = sent.headers();
    const answer = await page.request.post(`${app.url}/`, {
      headers: { ...headers, ...(origin && { origin }) },
      data: sent.postData() ?? "",
    });
    expect(answer.status()).toBe(403);
  }
});

test("the browser gets no secret and no server module", async ({ app }) => {
  const chunks = `${import.meta.dirname}/../../../.next/static`;
  const files = (await readdir(chunks, { recursive: true })).filter((file) => file.endsWith(".js"));
  expect(files.length).toBeGreaterThan(5);
  const canaries = [app.engine.secretKey, "DATABASE_URL", "better-auth.session_token", "PrismaClient"];
  for (const file of files) {
    const code = await readFile(`${chunks}/${file}`, "utf8");
    expect(
      canaries.filter((canary) => code.includes(canary)),
      file,
    ).toEqual([]);
  }
});

test("chunks come through Next one by one", async ({ conversation, app }) => {
  await conversation.ask("count to 3");
  await conversation.settles();
  await conversation.ask("count to 40 at 50 ms");
  const chatId = conversation.chatId();
  const token = await auth.withAuth({ baseURL: app.engine.url, accessToken: app.engine.secretKey }, () =>
    auth.createPublicToken({ scopes: { read: { sessions: chatId } } }),
  );
  const response = await fetch(`${app.url}/engine/realtime/v1/sessions/${chatId}/out`, {
    headers: {
      authorization: `Bearer ${token}`,
      accept: "text/event-stream",
      "x-trigger-stream-start": "latest",
    },
  });
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  expect(response.headers.get("content-encoding")).toBeNull();
  const deltas: number[] = [];
  let seen = "";
  for await (const bytes of response.body!.pipeThrough(new TextDecoderStream())) {
    deltas.push(bytes.split("text-delta").length - 1);
    seen += bytes;
    if (seen.includes("turn-complete")) break;
  }
  const perArrival = deltas.filter((count) => count > 0);
  expect(perArrival.length).toBeGreaterThan(10);
  // A busy machine may deliver a few chunks together; a buffering proxy delivers all of them together.
  expect(Math.max(...perArrival)).toBeLessThanOrEqual(10);
});

test("an empty message can't be sent, and a too long one is reported and kept", async ({
  conversation,
  page,
}) => {
  await expect(conversation.sendButton).toBeDisabled();
  await conversation.composer.fill("   \n ");
  await expect(conversation.sendButton).toBeDisabled();
  const huge = "x".repeat(1_000_000);
  // The page treats this as a paste. (Playwright's own `fill` would write the text into its log.)
  await conversation.composer.evaluate((box, text) => {
    (box as HTMLTextAreaElement).value = text;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }, huge);
  await expect(page.getByText(/characters long/)).toBeVisible();
  await expect(conversation.sendButton).toBeDisabled();
  expect((await conversation.composer.inputValue()).length).toBe(huge.length);
  await conversation.composer.fill("count to 3");
  await conversation.composer.press("Enter");
  await conversation.stands([user("count to 3"), assistant(counted(3))]);
});

test("the app works over plain http from another machine", async ({ page, app }) => {
  await page.goto(`http://holdfast.test:${app.port}/`);
  expect(await page.evaluate(() => window.isSecureContext)).toBe(false);
  const conversation = new Conversation(page, app);
  await conversation.ask("count to 3");
  await conversation.stands([user("count to 3"), assistant(counted(3))]);
});

for (const scheme of ["light", "dark"] as const) {
  for (const [name, width, height] of [
    ["phone", 390, 844],
    ["desk", 1280, 800],
  ] as const) {
    test(`the picture: ${scheme}, ${name}`, async ({ browser, app }, testInfo) => {
      const context = await browser.newContext({
        colorScheme: scheme,
        reducedMotion: "reduce",
        viewport: { width, height },
      });
      const page = await context.newPage();
      await page.goto(app.url);
      const conversation = new Conversation(page, app);
      await conversation.ask("What is the weather in Oslo?");
      await conversation.settles();
      await conversation.ask("Write a long answer about durable chats");
      await conversation.settles();
      await page.locator('[data-slot="message-list-scroller"]').evaluate((list) => list.scrollTo({ top: 0 }));
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      // These pictures are in the README. A run rewrites them only on request, so that tests leave no changes.
      const folder = process.env.UPDATE_SCREENSHOTS
        ? `${import.meta.dirname}/../../screenshots`
        : testInfo.outputDir;
      await page.screenshot({ path: `${folder}/${scheme}-${name}.png` });
      await context.close();
    });
  }
}
