import { type Conversation, counted, expect, test } from "../../support/story";

const user = (text: string) => ({ role: "user" as const, text });
const assistant = (text: string | RegExp) => ({ role: "assistant" as const, text });

async function edit(conversation: Conversation, nth: number, text: string) {
  await conversation.questions.nth(nth).getByRole("button", { name: "Edit message" }).click();
  const box = conversation.page.getByRole("textbox", { name: "Edit your message" });
  await expect(box).toBeFocused();
  await box.fill(text);
  await conversation.page.keyboard.press("Enter");
}

test(
  "an edited prompt becomes a second version, and the model sees the shown one",
  { tag: "@promise" },
  async ({ conversation, page }) => {
    await conversation.ask("My city is Oslo.");
    await conversation.settles();
    await edit(conversation, 0, "My city is Tokyo.");
    await conversation.settles();
    const question = conversation.questions.first();
    await expect(question.getByLabel("Version 2 of 2").first()).toBeVisible();
    await expect(page.getByText("Your earlier version is 1/2")).toBeVisible();

    await page.getByRole("button", { name: "show", exact: true }).click();
    await conversation.shows([user("My city is Oslo."), assistant(/Oslo/)]);
    await page.reload();
    await conversation.shows([user("My city is Oslo."), assistant(/Oslo/)]);
    await conversation.ask("Which city is mine?");
    await conversation.settles();
    await expect(conversation.answerTexts.last()).toContainText("Oslo");

    await conversation.questions.first().getByRole("button", { name: "Next version" }).click();
    await conversation.shows([user("My city is Tokyo."), assistant(/Tokyo/)]);
    await conversation.ask("Which city is mine?");
    await conversation.settles();
    await expect(conversation.answerTexts.last()).toContainText("Tokyo");
    // Switching back shows the deepest message seen on that branch.
    await conversation.questions.first().getByRole("button", { name: "Previous version" }).click();
    await conversation.shows([
      user("My city is Oslo."),
      assistant(/Oslo/),
      user("Which city is mine?"),
      assistant(/Oslo/),
    ]);
  },
);

test("regenerate, then switch back to the first answer", async ({ conversation }) => {
  await conversation.ask("count to 3");
  await conversation.settles();
  await conversation.answers.first().getByRole("button", { name: "Regenerate" }).click();
  await expect(conversation.answers.first().getByLabel("Version 2 of 2").first()).toBeVisible();
  await conversation.shows([user("count to 3"), assistant(counted(3))]);
  await conversation.answers.first().getByRole("button", { name: "Previous version" }).click();
  await expect(conversation.answers.first().getByLabel("Version 1 of 2").first()).toBeVisible();
});

test("undo and redo work, and a message after an undo becomes a version", async ({ conversation, page }) => {
  await conversation.ask("count to 3");
  await conversation.settles();
  await conversation.ask("count to 4");
  await conversation.settles();
  await page.getByRole("button", { name: "Undo" }).click();
  await conversation.shows([user("count to 3"), assistant(counted(3))]);
  await expect(page.getByRole("button", { name: "Redo" })).toBeEnabled();
  await page.reload();
  await page.getByRole("button", { name: "Redo" }).click();
  await conversation.shows([
    user("count to 3"),
    assistant(counted(3)),
    user("count to 4"),
    assistant(counted(4)),
  ]);
  await page.getByRole("button", { name: "Undo" }).click();
  await conversation.shows([user("count to 3"), assistant(counted(3))]);
  await conversation.ask("count to 5");
  await conversation.settles();
  await expect(conversation.questions.last().getByLabel("Version 2 of 2").first()).toBeVisible();
});

test("another version can be read during an answer, which is saved on its own branch", async ({
  conversation,
  page,
}) => {
  await conversation.ask("count to 3");
  await conversation.settles();
  await edit(conversation, 0, "count to 200 at 50 ms");
  await conversation.sees(5);
  await expect(conversation.questions.first().getByLabel("Version 2 of 2").first()).toBeVisible();
  await expect(page.getByText("Your earlier version is 1/2")).toBeVisible();
  await conversation.questions.first().getByRole("button", { name: "Previous version" }).click();
  await conversation.shows([user("count to 3"), assistant(counted(3))]);
  await expect(page.getByText("Another version is being answered")).toBeVisible();
  await conversation.settles();
  await conversation.shows([user("count to 3"), assistant(counted(3))]);
  await conversation.questions.first().getByRole("button", { name: "Next version" }).click();
  await conversation.shows([user("count to 200 at 50 ms"), assistant(counted(200))]);
});

test("the previous answer can be read while it is regenerated", async ({ conversation, page }) => {
  await conversation.ask("count to 100 at 50 ms");
  await conversation.sees(3);
  await conversation.stopButton.click();
  await conversation.settles();
  await conversation.answers.first().getByRole("button", { name: "Regenerate" }).click();
  await conversation.sees(5);
  await expect(page.getByText("Your earlier version is 1/2")).toBeVisible();
  await page.getByRole("button", { name: "show", exact: true }).click();
  await conversation.shows([user("count to 100 at 50 ms"), assistant(/^0 1 2 3( \d+){0,40}$/)]);
  await conversation.settles();
  await conversation.answers.first().getByRole("button", { name: "Next version" }).click();
  await conversation.shows([user("count to 100 at 50 ms"), assistant(counted(100))]);
});

test("continuing from a prompt hides its answer, and redo brings it back", async ({ conversation, page }) => {
  await conversation.ask("count to 3");
  await conversation.settles();
  await conversation.questions.first().getByRole("button", { name: "Continue from here" }).click();
  await conversation.shows([user("count to 3")]);
  await page.reload();
  await expect(page.getByText("Not answered yet.")).toBeVisible();
  await page.getByRole("button", { name: "Redo" }).click();
  await conversation.shows([user("count to 3"), assistant(counted(3))]);
  await expect(page.getByText("Not answered yet.")).toHaveCount(0);
});

test("a refused branch action is reported and reverted", async ({ conversation, page }) => {
  await conversation.ask("count to 3");
  await conversation.settles();
  await page.route("**/*", (route) =>
    route.request().headers()["next-action"] === undefined
      ? route.fallback()
      : route.fulfill({ status: 409, contentType: "text/plain", body: "An answer is being written here." }),
  );
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "That didn't work." })).toBeVisible();
  await conversation.shows([user("count to 3"), assistant(counted(3))]);
  await page.unroute("**/*");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(conversation.questions).toHaveCount(0);
  await expect(page.getByRole("alert").filter({ hasText: "That didn't work." })).toHaveCount(0);
});

test("a switch needs no worker, and the next message is answered on the branch that it shows", async ({
  conversation,
  page,
  app,
}) => {
  await conversation.ask("My city is Oslo.");
  await conversation.settles();
  await edit(conversation, 0, "My city is Rome.");
  await conversation.settles();
  app.engine.killWorkers();
  const appends: string[] = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/in/append")) appends.push(request.url());
  });
  await conversation.questions.first().getByRole("button", { name: "Previous version" }).click();
  await conversation.shows([user("My city is Oslo."), assistant(/Oslo/)]);
  await page.reload();
  await conversation.shows([user("My city is Oslo."), assistant(/Oslo/)]);
  expect(appends).toEqual([]);
  await conversation.ask("Which city is mine?");
  await conversation.settles();
  await expect(conversation.answers.last()).toContainText("Oslo");
});

test("an edit in the middle of an answer stops it first", async ({ conversation }) => {
  await conversation.ask("count to 200 at 50 ms");
  await conversation.sees(5);
  await edit(conversation, 0, "count to 4");
  await conversation.settles();
  await conversation.shows([user("count to 4"), assistant(counted(4))]);
});

test("in the editor, Escape cancels, empty text can't be sent, and unchanged text sends nothing", async ({
  conversation,
  page,
}) => {
  await conversation.ask("count to 3");
  await conversation.settles();
  await edit(conversation, 0, "   ");
  await expect(page.getByText("Write something, or cancel.")).toBeVisible();
  await page.keyboard.press("Escape");
  await conversation.shows([user("count to 3"), assistant(counted(3))]);
  await edit(conversation, 0, "count to 3");
  await conversation.stands([user("count to 3"), assistant(counted(3))]);
});

test("a link to a message of another branch shows that branch", async ({ conversation, page }) => {
  await conversation.ask("My city is Oslo.");
  await conversation.settles();
  const id = await conversation.questions.first().getAttribute("data-message-id");
  await edit(conversation, 0, "My city is Tokyo.");
  await conversation.settles();
  await page.goto(`/chat/${conversation.chatId()}?message=${id}`);
  await conversation.shows([user("My city is Oslo."), assistant(/Oslo/)]);
  await page.reload();
  await conversation.shows([user("My city is Oslo."), assistant(/Oslo/)]);
});
