import { expect, test } from "../../support/story";

test("search finds a message, marks the match, and opens the message", async ({ conversation: chat }) => {
  await chat.ask("My favourite word is Xylophone");
  await chat.settles();
  await expect.poll(() => chat.saved()).toHaveLength(2);
  const id = chat.chatId();
  await chat.page.goto("/");

  const box = chat.page.getByRole("searchbox", { name: "Search chats" });
  await box.fill("xylo");
  const results = chat.page.getByRole("list", { name: "Search results" });
  await expect(results.locator("mark").first()).toHaveText(/xylo/i);
  await box.press("ArrowDown");
  await expect(results.getByRole("link").first()).toBeFocused();
  await results.getByRole("link").last().click();
  await expect(chat.page).toHaveURL(new RegExp(`/chat/${id}\\?message=`));

  await box.fill("nothing like this anywhere");
  await expect(chat.page.getByText("No results.")).toBeVisible();
  await box.press("Escape");
  await expect(box).toHaveValue("");
  await expect(box).toBeFocused();
});

test("search reports an unreachable server, and recovers", async ({ conversation: chat, context }) => {
  const box = chat.page.getByRole("searchbox", { name: "Search chats" });
  await context.setOffline(true);
  await box.fill("tides");
  await expect(chat.page.getByText("Couldn't search.")).toBeVisible();
  await context.setOffline(false);
  await chat.page.getByRole("button", { name: "Try again" }).click();
  await expect(chat.page.getByText("No results.")).toBeVisible();
});
