import { expectAccessible } from "./support/axe";
import { expect, test } from "./support/story";

test("the pages around the conversation break no rule", async ({ page }) => {
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

test("a conversation breaks no rule while it streams, when it is settled, and in all that opens over it", async ({
  conversation: chat,
  browser,
}) => {
  test.setTimeout(240_000);
  const { page } = chat;
  await expectAccessible(page, "first run");

  await chat.ask("count to 300 at 200 ms");
  await chat.sees(2);
  await expect(page.getByRole("log")).toHaveAttribute("aria-busy", "true");
  await expectAccessible(page, "streaming");
  await chat.composer.fill("and then this");
  await page.getByRole("button", { name: "Queue", exact: true }).click();
  await expectAccessible(page, "streaming, with a queue");
  await page.goto("/inspect");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/count to 300/);
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

test("every part of the kit in every state breaks no rule", async ({ page }) => {
  test.setTimeout(240_000);
  await page.goto("/kit");
  await page.getByRole("button", { name: "Show the editors" }).click();
  await expectAccessible(page, "kit");
});
