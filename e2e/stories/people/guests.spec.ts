import { request } from "node:http";
import { Conversation, counted, expect, test } from "../../support/story";

const rows = async (conversation: Conversation) => {
  const [row] = await conversation.query<{ users: number; sessions: number }>(
    `SELECT (SELECT count(*)::int FROM "User") AS users, (SELECT count(*)::int FROM "Session") AS sessions`,
  );
  return row!;
};

test("looking creates no user: every page renders without a row or a worker", async ({
  conversation,
  page,
  app,
}) => {
  const before = await rows(conversation);
  const started = app.engine.log().match(/attempt started/g)?.length ?? 0;
  for (const path of ["/", "/inbox", "/settings", "/chat/nothing-here", "/nowhere", "/share/nothing"]) {
    await page.goto(path);
    await expect(page.locator("main, h1").first()).toBeVisible();
  }
  await page.goto("/");
  await page.keyboard.press("ControlOrMeta+k");
  await page.getByRole("dialog").getByRole("combobox").fill("Question");
  await page.keyboard.press("Escape");
  await expect(page.getByText("signed out")).toHaveCount(0);
  expect(await rows(conversation)).toEqual(before);
  expect(app.engine.log().match(/attempt started/g)?.length ?? 0).toBe(started);
});

test("typing creates one guest, whose draft survives a reload and whose message is answered", async ({
  conversation,
  page,
}) => {
  const before = await rows(conversation);
  const made = page.waitForResponse((response) => new URL(response.url()).pathname === "/guest");
  await conversation.composer.pressSequentially("count to 4");
  expect((await made).status()).toBe(200);
  await expect
    .poll(() => rows(conversation))
    .toEqual({ users: before.users + 1, sessions: before.sessions + 1 });
  await page.reload();
  await expect(conversation.composer).toHaveValue("count to 4");
  await conversation.sendButton.click();
  await conversation.stands([
    { role: "user", text: "count to 4" },
    { role: "assistant", text: counted(4) },
  ]);
  expect((await rows(conversation)).users).toBe(before.users + 1);
});

test("two tabs that start together share one guest, and both chats are in the list", async ({
  conversation,
  page,
  app,
}) => {
  const before = await rows(conversation);
  const other = new Conversation(await page.context().newPage(), app);
  await other.page.goto("/");
  // Both pages are hydrated, so neither takes over the other's typed text.
  for (const each of [conversation, other]) await expect(each.composer).toBeFocused();
  await Promise.all([conversation.ask("count to 3"), other.ask("count to 5")]);
  await Promise.all([conversation.settles(), other.settles()]);
  expect((await rows(conversation)).users).toBe(before.users + 1);
  await page.goto("/");
  const list = page.getByRole("navigation", { name: "Chats" });
  for (const title of [/^count to 3/i, /^count to 5/i])
    await expect(list.getByRole("link", { name: title })).toBeVisible();
});

test("a file that is too large is refused with a sentence, also without a declared size", async ({ app }) => {
  for (const isAnnounced of [true, false]) {
    const { status, body } = await send(`${app.url}/attachments?name=film.mp4`, 30, isAnnounced);
    expect({ status, body }).toEqual({
      status: 413,
      body: expect.stringContaining("too large: 10 MB is the limit"),
    });
  }
});

/** Posts this many MB like a browser: it reads nothing before it has sent everything. */
function send(
  url: string,
  megabytes: number,
  isAnnounced: boolean,
): Promise<{ status?: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sending = request(
      url,
      {
        method: "POST",
        headers: {
          origin: new URL(url).origin,
          ...(isAnnounced && { "content-length": megabytes * 1024 * 1024 }),
        },
      },
      (response) => {
        let body = "";
        response.on("data", (chunk: Buffer) => (body += chunk.toString()));
        response.on("end", () => resolve({ status: response.statusCode!, body }));
      },
    );
    sending.on("error", reject);
    const piece = Buffer.alloc(1024 * 1024, 1);
    let sent = 0;
    const more = () => {
      while (sent < megabytes) {
        sent += 1;
        if (!sending.write(piece)) return void sending.once("drain", more);
      }
      sending.end();
    };
    more();
  });
}

test("pressing a demo, or attaching files first, creates one guest", async ({ conversation, page }) => {
  const before = await rows(conversation);
  const files = Array.from({ length: 5 }, (_, index) => ({
    name: `notes-${index}.txt`,
    mimeType: "text/plain",
    buffer: Buffer.from("Notes"),
  }));
  await page.locator('input[type="file"]').setInputFiles(files);
  const chips = page.getByRole("list", { name: "Attachments" }).getByRole("listitem");
  await expect(chips).toHaveCount(5);
  await expect(page.getByText("still uploading")).toHaveCount(0);
  await page.reload();
  await expect(chips).toHaveCount(5);
  await conversation.ask("What is this?");
  await conversation.settles();
  await expect(conversation.questions.first()).toContainText("notes-4.txt");
  expect((await rows(conversation)).users).toBe(before.users + 1);
});
