import type { Locator, Page } from "@playwright/test";
import { expectAccessible } from "../../support/axe";
import { expect, test } from "../../support/story";

declare global {
  interface Window {
    spoken: string[];
  }
}

test("the pages around the conversation have no accessibility violations", async ({ page }) => {
  await page.goto("/settings");
  await expect(page.getByRole("heading", { name: "Keyboard" })).toBeVisible();
  await expectAccessible(page, "settings");
  await page.getByRole("button", { name: "Delete everything" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await expectAccessible(page, "settings, about to delete everything");

  for (const address of ["/inbox", "/sign-in/link?token=none", "/no/such/page", "/share/no-such-token"]) {
    await page.goto(address);
    await expectAccessible(page, address);
  }
});

test("a conversation has no accessibility violations while it streams, when it is complete, and in its dialogs and menus", async ({
  conversation: chat,
  browser,
}) => {
  test.setTimeout(240_000);
  const { page } = chat;
  await expectAccessible(page, "first run");

  await chat.ask("count to 3000 at 200 ms");
  await chat.sees(2);
  await expect(page.getByRole("log")).toHaveAttribute("aria-busy", "true");
  await expectAccessible(page, "streaming");
  await chat.composer.fill("and then this");
  await page.getByRole("button", { name: "Queue", exact: true }).click();
  await expectAccessible(page, "streaming, with a queue");
  await page.goto("/inspect");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/count to 3000/);
  await expectAccessible(page, "inspect, with a run at work");
  await page.goBack();
  await chat.stopButton.click();
  await expect(page.getByRole("status", { name: "Turn status" })).toContainText("You stopped this answer");
  await expectAccessible(page, "stopped");

  await page.goto("/");
  await chat.ask("Think, then a long answer");
  await expect(page).toHaveURL(/\/chat\//);
  await chat.settles();
  await expect(page.getByRole("log")).toHaveAttribute("aria-busy", "false");
  await expectAccessible(page, "settled");

  await chat.questions.first().hover();
  await page.getByRole("button", { name: "Edit message" }).click();
  await expectAccessible(page, "editing");
  await page.keyboard.press("Escape");

  await page.getByRole("navigation", { name: "Chats" }).locator('[aria-current="page"]').focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menu")).toBeVisible();
  await expectAccessible(page, "menu of a chat");
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Share" }).click();
  const dialog = page.getByRole("dialog", { name: "Share this branch" });
  await dialog.getByRole("button", { name: "Create link" }).click();
  const address = await dialog.getByRole("textbox", { name: "Link" }).inputValue();
  await expectAccessible(page, "share dialog");
  await page.keyboard.press("Escape");

  await page.keyboard.press("Control+k");
  await expect(page.getByRole("option").first()).toBeVisible();
  await expectAccessible(page, "palette");
  await page.keyboard.type("Search chats");
  await page.keyboard.press("Enter");
  await expectAccessible(page, "palette, about to search");
  await page.keyboard.type("long answer");
  await expect(page.getByRole("option").first()).toBeVisible();
  await expectAccessible(page, "palette, with results");
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "New chat" }).focus();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await expectAccessible(page, "shortcuts");
  await page.keyboard.press("Escape");

  const elsewhere = await browser.newContext();
  const stranger = await elsewhere.newPage();
  await stranger.goto(address);
  await expect(stranger.getByRole("heading", { level: 1 })).toBeVisible();
  await expectAccessible(stranger, "shared conversation");
  await elsewhere.close();

  await page.getByRole("button", { name: "Collapse sidebar" }).click();
  await expectAccessible(page, "collapsed sidebar");
  await page.setViewportSize({ width: 390, height: 844 });
  await expectAccessible(page, "phone");
  await page.getByRole("button", { name: "Chats" }).click();
  await expect(page.getByRole("dialog", { name: "Chats" })).toBeVisible();
  await expectAccessible(page, "phone, drawer");
});

test("every part of the kit in every state has no accessibility violations", async ({ page }) => {
  test.setTimeout(240_000);
  await page.goto("/kit");
  await page.getByRole("button", { name: "Show the editors" }).click();
  await expectAccessible(page, "kit");
});

test("an answer is announced twice, when it begins and when it ends, however long it is", async ({
  conversation: chat,
}) => {
  const { page } = chat;
  await listenToLiveRegions(page);
  await chat.ask("count to 40 at 20 ms");
  await expect(chat.answerTexts.last()).toContainText("39 40");
  await chat.settles();
  await expect(page.getByRole("status", { name: "Turn status" })).toContainText("Answer finished");
  const spoken = await page.evaluate(() => window.spoken);
  expect(spoken.filter((text) => text.includes("Answer finished"))).toHaveLength(1);
  expect(spoken.join(" ")).not.toMatch(/\b\d+ \d+ \d+\b/);
  expect(spoken.length).toBeLessThan(8);
});

test("an answer that needs a decision says so once, and its card has no accessibility violations", async ({
  conversation: chat,
}) => {
  const { page } = chat;
  await listenToLiveRegions(page);
  await chat.ask("Ask me which lamp to send");
  await expect(page.getByRole("article", { name: "Which lamp should be sent instead?" })).toBeVisible();
  await chat.settles();
  const asking = /needs your answer|waiting for you/i;
  await expect(page.getByRole("status", { name: "Turn status" })).toContainText(asking);
  const spoken = await page.evaluate(() => window.spoken);
  expect(spoken.filter((text) => asking.test(text))).toHaveLength(1);
  expect(spoken.join(" ")).not.toContain("Answer finished");
  await expectAccessible(page, "waiting for an answer");
  await page.goto("/inbox");
  await expect(page.getByRole("article", { name: "Which lamp should be sent instead?" })).toBeVisible();
  await expectAccessible(page, "inbox with a request");
});

test("the focus survives sending, stopping, queueing, undoing, renaming, deleting and closing", async ({
  conversation: chat,
}) => {
  const { page } = chat;
  const somewhere = () =>
    expect.poll(() => page.evaluate(() => document.activeElement?.tagName ?? "BODY")).not.toBe("BODY");
  const press = async (target: Locator) => {
    await target.focus();
    await page.keyboard.press("Enter");
  };
  const button = (name: string | RegExp) => page.getByRole("button", { name, exact: true });

  const card = page.getByRole("button", { name: /^A long answer/ });
  // Keys pressed before hydration have no effect.
  const isAlive = (element: Element) => Object.keys(element).some((key) => key.startsWith("__reactProps"));
  await expect.poll(() => card.evaluate(isAlive)).toBe(true);
  await press(card);
  await expect(chat.questions).toHaveCount(1);
  await somewhere();
  await chat.settles();

  await chat.composer.fill("count to 3000 at 200 ms");
  await press(chat.sendButton);
  await chat.sees(1);
  await expect(chat.stopButton).toBeFocused();
  await chat.composer.fill("and then this");
  await press(button("Queue"));
  await expect(chat.composer).toBeFocused();
  await press(page.getByRole("button", { name: "Remove from the queue" }));
  await expect(page.locator("[data-slot=queue-list]")).toHaveCount(0);
  await expect(chat.composer).toBeFocused();
  await press(chat.stopButton);
  await expect(page.getByRole("status", { name: "Turn status" })).toContainText("You stopped this answer");
  await somewhere();
  await press(button("Undo"));
  await expect(chat.questions).toHaveCount(1);
  await somewhere();

  await page.goto("/");
  await chat.ask("count to 3");
  await chat.settles();
  const list = page.getByRole("navigation", { name: "Chats" });
  const rows = list.locator("[data-slot=chat-row]");
  await expect(rows).toHaveCount(2);
  // Not the open chat, which would lead to another page.
  await rows.last().getByRole("link").focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menu")).toBeVisible();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await expect(rows).toHaveCount(1);
  await expect(list).toBeFocused();
  await press(button("Undo").last());
  await expect(rows).toHaveCount(2);
  await expect(list).toBeFocused();

  const share = button("Share");
  await press(share);
  await expect(page.getByRole("dialog", { name: "Share this branch" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(share).toBeFocused();
});

test("nothing moves for people who prefer reduced motion", async ({ conversation: chat }) => {
  const { page } = chat;
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.setViewportSize({ width: 390, height: 844 });
  await chat.ask("count to 3000 at 200 ms");
  await chat.sees(1);
  await page.getByRole("button", { name: "Chats" }).click();
  await expect(page.getByRole("dialog", { name: "Chats" })).toBeVisible();
  expect(await moving(page)).toEqual([]);

  // The same content must move for people without this preference, or this test measures nothing.
  await page.emulateMedia({ reducedMotion: "no-preference" });
  expect(await moving(page)).not.toEqual([]);
});

for (const [what, width, height, tag] of [
  ["200 % zoom of a small laptop", 640, 400, ""],
  ["400 % zoom, 320 px wide", 320, 256, ""],
  ["a small phone", 320, 568, "@promise"],
] as const) {
  test(
    `${what}: nothing scrolls sideways, and the composer is at hand`,
    { tag: tag || [] },
    async ({ conversation: chat }) => {
      const { page } = chat;
      await page.setViewportSize({ width, height });
      const fits = async (state: string) =>
        expect(
          await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth),
          state,
        ).toBe(0);
      await fits("first run");
      await chat.ask("Explain how tides work, with a table and code");
      await chat.settles();
      await fits("conversation");
      await expect(chat.composer).toBeInViewport({ ratio: 1 });
      await expect(chat.sendButton).toBeInViewport({ ratio: 1 });
      await expect(page.getByRole("button", { name: "Share" })).toBeInViewport({ ratio: 1 });
      await page.keyboard.press("Control+k");
      await expect(page.getByRole("combobox")).toBeInViewport({ ratio: 1 });
      await expect(page.getByRole("option").first()).toBeInViewport();
      await fits("palette");
      await page.keyboard.press("Escape");
      for (const address of [
        "/settings",
        "/inbox",
        "/inspect",
        "/sign-in/link?token=none",
        "/no/such/page",
      ]) {
        await page.goto(address);
        await fits(address);
      }
    },
  );
}

/** Collects what a screen reader would announce: every new text of a live region. */
async function listenToLiveRegions(page: Page): Promise<void> {
  await page.evaluate(() => {
    window.spoken = [];
    const live = 'output, [role="status"], [role="alert"], [aria-live="polite"], [aria-live="assertive"]';
    const last = new Map<Element, string>();
    const listen = () => {
      for (const region of document.querySelectorAll(live)) {
        const text = region.textContent?.trim() ?? "";
        if (text !== "" && text !== last.get(region)) window.spoken.push(text);
        last.set(region, text);
      }
    };
    listen();
    // Text that was already there isn't announced again.
    window.spoken = [];
    new MutationObserver(listen).observe(document.body, {
      subtree: true,
      childList: true,
      characterData: true,
    });
  });
}

/** The animations that last longer than a moment. */
function moving(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    document
      .getAnimations()
      .filter(({ playState, effect }) => playState === "running" && Number(effect?.getTiming().duration) > 1)
      .map((animation) => ("animationName" in animation ? String(animation.animationName) : "transition")),
  );
}
