import type { Browser, Page } from "@playwright/test";
import { Conversation, counted, expect, test } from "../../support/story";

const user = (text: string) => ({ role: "user" as const, text });
const assistant = (text: string | RegExp) => ({ role: "assistant" as const, text });

/** The same chat in another tab of the same browser. */
async function secondTab({ page, app }: Conversation): Promise<Conversation> {
  const tab = new Conversation(await page.context().newPage(), app);
  await tab.page.goto(page.url());
  return tab;
}

/** The same chat and person on another device. */
async function otherDevice(browser: Browser, { page, app }: Conversation): Promise<Conversation> {
  const context = await browser.newContext({ storageState: await page.context().storageState() });
  const device = new Conversation(await context.newPage(), app);
  await device.page.goto(page.url());
  return device;
}

const readingAlong = (page: Page) => page.getByRole("button", { name: "Take over" });

/** A chat with a first answer, and a second page of it. */
async function begin(conversation: Conversation): Promise<void> {
  await conversation.ask("count to 3");
  await conversation.settles();
  await expect.poll(() => conversation.saved()).toHaveLength(2);
}

const begun = [user("count to 3"), assistant(counted(3))];

test(
  "a second tab shows the question, follows the answer, and is read-only until it ends",
  { tag: "@promise" },
  async ({ conversation }) => {
    await begin(conversation);
    const second = await secondTab(conversation);
    await second.shows(begun);

    await conversation.ask("count to 80 at 50 ms");
    await expect(second.page.getByText("This chat is active in another tab", { exact: true })).toBeVisible();
    await expect(second.questions).toHaveCount(2);
    await second.sees(10);
    await expect(second.stopButton).toHaveCount(0);
    await second.composer.fill("I wait");
    await expect(second.sendButton).toHaveAttribute("aria-disabled", "true");
    await expect(second.page.getByText("View only. Take over to write.", { exact: true })).toBeVisible();

    const whole = [...begun, user("count to 80 at 50 ms"), assistant(counted(80))];
    await second.settles();
    await expect(readingAlong(second.page)).toHaveCount(0);
    await second.shows(whole);
    await conversation.shows(whole);

    // The same in the other direction.
    await second.sendButton.click();
    await second.settles();
    await expect(conversation.questions).toHaveCount(3);
    await expect(conversation.answers).toHaveCount(3);
    await conversation.settles();
  },
);

test("a second tab takes over during an answer, which stops, and the first tab becomes view-only", async ({
  conversation,
}) => {
  await begin(conversation);
  const second = await secondTab(conversation);
  await conversation.ask("count to 500 at 50 ms");
  await second.sees(5);
  await readingAlong(second.page).click();
  await expect(readingAlong(second.page)).toHaveCount(0);
  await expect(second.composer).toBeFocused();
  await expect(
    conversation.page.getByText("This chat is active in another tab", { exact: true }),
  ).toBeVisible();
  await expect(conversation.stopButton).toHaveCount(0);

  await second.stopButton.click();
  await second.settles();
  await conversation.settles();
  await expect(conversation.page.getByText("This answer was stopped.")).toBeVisible();
  // The text written before the worker stopped is saved, and the tab that stopped it learns of it shortly after.
  const text = await conversation.answerTexts.last().innerText();
  expect(text).toMatch(/^0 1 2 [\d ]+$/);
  await expect(second.answerTexts.last()).toHaveText(text);
  await conversation.shows([...begun, user("count to 500 at 50 ms"), assistant(text)]);

  await second.ask("count to 4");
  const whole = [
    ...begun,
    user("count to 500 at 50 ms"),
    assistant(text),
    user("count to 4"),
    assistant(counted(4)),
  ];
  await conversation.shows(whole);
  await second.stands(whole);
});

test("a branch action in one tab appears in the other, and on another device when its page is opened", async ({
  conversation,
  browser,
}) => {
  await begin(conversation);
  await conversation.ask("count to 4");
  await conversation.settles();
  const whole = [...begun, user("count to 4"), assistant(counted(4))];
  const second = await secondTab(conversation);
  const device = await otherDevice(browser, conversation);
  await second.shows(whole);
  await device.shows(whole);
  await conversation.page.getByRole("button", { name: "Undo" }).click();
  await conversation.shows(begun);
  await second.shows(begun);
  await device.page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await device.shows(begun);
  // Both continue from there.
  await second.ask("count to 5");
  await second.settles();
  await device.shows([...begun, user("count to 5"), assistant(counted(5))]);
  await device.page.context().close();
});

test("when the first tab is closed during its answer, the second one continues", async ({ conversation }) => {
  await begin(conversation);
  const second = await secondTab(conversation);
  await conversation.ask("count to 160 at 80 ms");
  await second.sees(5);
  await expect(readingAlong(second.page)).toBeVisible();
  await conversation.page.close();
  await expect(readingAlong(second.page)).toHaveCount(0);
  await expect(second.stopButton).toBeVisible();
  await second.settles();
  await second.ask("count to 4");
  await second.stands([
    ...begun,
    user("count to 160 at 80 ms"),
    assistant(counted(160)),
    user("count to 4"),
    assistant(counted(4)),
  ]);
});

test("another device stays up to date without a reload, also when the worker dies", async ({
  conversation,
  browser,
}) => {
  await begin(conversation);
  const device = await otherDevice(browser, conversation);
  await device.shows(begun);
  await conversation.ask("count to 80 at 50 ms");
  await device.sees(5);
  await expect(device.page.getByText("This chat is active on another device", { exact: true })).toBeVisible();
  expect(conversation.app.engine.killWorkers()).toBeGreaterThan(0);
  await expect(device.page.getByText("Resumed after a restart")).toBeVisible();
  const whole = [...begun, user("count to 80 at 50 ms"), assistant(counted(80))];
  await device.settles();
  await device.shows(whole);
  await conversation.stands(whole);

  // The run continued; the device now sends, and the first page follows.
  await device.ask("count to 4");
  await conversation.shows([...whole, user("count to 4"), assistant(counted(4))]);
  await device.stands([...whole, user("count to 4"), assistant(counted(4))]);
  await device.page.context().close();
});

test("two devices send at the same time: nothing is lost, and both show the same order", async ({
  conversation,
  browser,
}) => {
  await begin(conversation);
  const device = await otherDevice(browser, conversation);
  await device.shows(begun);
  // The device receives nothing until the engine has its message, after the first page's.
  let hear = () => {};
  const deaf = new Promise<void>((resolve) => (hear = resolve));
  await device.page.route(/\/realtime\/v1\/sessions\/[^/]+\/out$/, async (route) => {
    await deaf;
    await route.continue().catch(() => {}); // The page gave up on it in the meantime.
  });
  await device.page.reload();
  const accepted = (page: Page) => page.waitForResponse((response) => response.url().endsWith("/in/append"));
  await Promise.all([accepted(conversation.page), conversation.ask("count to 40 at 40 ms")]);
  await Promise.all([accepted(device.page), device.ask("count to 4")]);
  hear();

  const whole = [
    ...begun,
    user("count to 40 at 40 ms"),
    assistant(counted(40)),
    user("count to 4"),
    assistant(counted(4)),
  ];
  await expect(device.answerTexts.nth(1)).toContainText("20");
  await expect(device.questions.last()).toContainText("count to 4");
  await conversation.shows(whole);
  await device.shows(whole);
  await conversation.stands(whole);
  await device.stands(whole);
  await device.page.context().close();
});

test("an edit, a switch and an undo in one tab appear in the other", async ({ conversation }) => {
  await begin(conversation);
  const second = await secondTab(conversation);
  await second.shows(begun);

  await conversation.questions.first().getByRole("button", { name: "Edit message" }).click();
  const editor = conversation.page.getByRole("textbox", { name: "Edit your message" });
  await editor.fill("count to 5");
  await editor.press("Enter");
  const edited = [user("count to 5"), assistant(counted(5))];
  await conversation.settles();
  await conversation.shows(edited);
  await second.shows(edited);
  await expect(second.questions.first().getByLabel("Version 2 of 2").first()).toBeVisible();

  await conversation.page.getByRole("button", { name: "Previous version" }).first().click();
  await conversation.shows(begun);
  await second.shows(begun);

  await second.page.getByRole("button", { name: "Undo" }).click();
  await expect(conversation.page.locator('[data-slot="message"]')).toHaveCount(0);
  await conversation.page.getByRole("button", { name: "Redo" }).click();
  await second.shows(begun);
});

test("queued and steering messages in one tab appear in the other", async ({ conversation }) => {
  await begin(conversation);
  const second = await secondTab(conversation);
  await conversation.ask("count to 200 at 50 ms");
  await conversation.sees(3);
  await conversation.composer.fill("count to 6");
  await conversation.page.getByRole("button", { name: "Queue" }).click();
  await expect(second.page.getByRole("list", { name: "Queued messages" })).toContainText("count to 6");
  await conversation.composer.fill("count to 7");
  await conversation.page.getByRole("button", { name: "Steer" }).click();
  const whole = [
    ...begun,
    user("count to 200 at 50 ms"),
    assistant(counted(200)),
    // Counting has no steps, so the steering message is answered after it.
    user("count to 7"),
    assistant(counted(7)),
    user("count to 6"),
    assistant(counted(6)),
  ];
  await conversation.shows(whole);
  await second.shows(whole);
  await second.stands(whole);
});

test("a prompt from another tab doesn't move the reader", async ({ conversation }) => {
  await conversation.ask("Write a long answer about durable chats");
  await conversation.settles();
  const second = await secondTab(conversation);
  await expect(second.answers).toHaveCount(1);
  const log = second.page.getByRole("log");
  await log.hover();
  // Scrolling before the list is hydrated is undone.
  await expect(async () => {
    await second.page.mouse.wheel(0, -600);
    await expect(second.page.getByRole("button", { name: /^Jump to latest/ })).toBeVisible({
      timeout: 1_000,
    });
  }).toPass();
  const before = await log.evaluate((element) => element.scrollTop);
  await conversation.ask("count to 5");
  await expect(second.answers).toHaveCount(2);
  await second.settles();
  expect(await log.evaluate((element) => element.scrollTop)).toBe(before);
  await expect(second.page.getByRole("button", { name: /^Jump to latest/ })).toBeVisible();
});

test("a view-only page writes nothing and wakes no run", async ({ conversation, browser }) => {
  await begin(conversation);
  const device = await otherDevice(browser, conversation);
  await device.shows(begun);
  await conversation.page.close();
  conversation.app.engine.killWorkers();
  const live = `SELECT id FROM engine.runs WHERE status IN ('QUEUED', 'EXECUTING', 'WAITING')`;
  await expect.poll(() => device.query(live)).toEqual([]);
  const heard = device.page.waitForResponse((response) => response.url().endsWith("/out"));
  await device.page.reload();
  await heard;

  // Every write moves a row, so this detects any write by anyone. Rows that only disappear were removed by the engine's
  // retention.
  const rows = async () => {
    const tables = ['"Chat"', '"Message"', "engine.runs", "engine.sessions", "engine.stream_records"];
    const places = tables.map(
      (table) => `SELECT '${table}' AS of, ctid::text AS place, xmin::text AS by FROM ${table}`,
    );
    const found = await device.query(places.join(" UNION ALL "));
    return found.map((row) => JSON.stringify(row));
  };
  const before = new Set(await rows());
  // Longer than two pings of the stream: the test shows that nothing happens in this time.
  await device.page.waitForTimeout(12_000);
  expect((await rows()).filter((row) => !before.has(row))).toEqual([]);

  const tab = await secondTab(device);
  await tab.ask("count to 4");
  await device.shows([...begun, user("count to 4"), assistant(counted(4))]);
  await device.page.context().close();
});
