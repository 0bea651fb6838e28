import { expect, test } from "../../support/story";

test("@promise a custom agent keeps a list through a dead worker and a reload, in two tabs", async ({
  app,
  context,
  page,
}) => {
  test.setTimeout(180_000);
  await page.goto("/agents/notes");
  await expect(page.getByText("No notes yet.")).toBeVisible();
  const note = page.getByRole("textbox", { name: "Note" });
  const items = page.getByRole("list", { name: "Notes" }).getByRole("listitem");
  await note.fill("Buy oats");
  await page.getByRole("button", { name: "Add" }).click();
  await expect(items).toHaveText(["1Buy oats"]);
  await expect(page.getByText("1 note is on the list.")).toBeVisible();
  // The reply is over, so the next note can be sent.
  await expect(page.getByRole("button", { name: "Add" })).toBeVisible();

  app.engine.killWorkers();
  await note.fill("Feed the otter");
  await note.press("Enter");
  await expect(items).toHaveText(["1Buy oats", "2Feed the otter"], { timeout: 60_000 });

  const second = await context.newPage();
  await second.goto("/agents/notes");
  const there = second.getByRole("list", { name: "Notes" }).getByRole("listitem");
  await expect(there).toHaveCount(2);
  await page.reload();
  await expect(items).toHaveCount(2);
  await note.fill("remove 1");
  await note.press("Enter");
  for (const each of [items, there]) await expect(each).toHaveText(["1Feed the otter"], { timeout: 60_000 });
  await second.close();
});

test("someone else has a list of their own", async ({ app, browser, page }) => {
  await page.goto("/agents/notes");
  await page.getByRole("textbox", { name: "Note" }).fill("Mine");
  await page.getByRole("button", { name: "Add" }).click();
  await expect(page.getByRole("list", { name: "Notes" }).getByRole("listitem")).toHaveText(["1Mine"]);
  const elsewhere = await browser.newContext({ baseURL: app.url });
  const stranger = await elsewhere.newPage();
  await stranger.goto("/agents/notes");
  await expect(stranger.getByText("No notes yet.")).toBeVisible();
  expect(await (await stranger.request.get("/agents/notes/state")).json()).toEqual({ notes: [] });
  await elsewhere.close();
});
