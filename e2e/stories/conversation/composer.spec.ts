import { deflateSync } from "node:zlib";
import type { Locator, Page } from "@playwright/test";
import { Conversation, expect, test } from "../../support/story";

const chips = (page: Page) => page.getByRole("list", { name: "Attachments" }).getByRole("listitem");

test.describe("attachments", () => {
  test("a pasted picture is sent with its text, reaches the model, and is shown after a reload", async ({
    conversation,
    page,
  }) => {
    await conversation.composer.focus();
    await paste(conversation.composer, { name: "notes.png", type: "image/png", bytes: pngOf(40) });
    await expect(chips(page)).toContainText(["notes.png"]);
    await conversation.ask("What is this?");
    await expect(conversation.answerTexts.last()).toContainText("I received an image notes.png");
    await conversation.settles();
    await expect(chips(page)).toHaveCount(0);
    await expect.poll(() => conversation.saved()).toHaveLength(2);

    await page.reload();
    const image = conversation.questions.first().getByRole("img", { name: "notes.png" });
    await expect(image).toBeVisible();
    await expect.poll(() => image.evaluate((element: HTMLImageElement) => element.naturalWidth)).toBe(40);
  });

  test("a refused file says why, keeps the text, and can be removed", async ({ conversation, page }) => {
    await conversation.composer.fill("count to 3");
    await page.locator('input[type="file"]').setInputFiles([
      { name: "film.mp4", mimeType: "video/mp4", buffer: Buffer.alloc(11 * 1024 * 1024, 1) },
      { name: "photo.png", mimeType: "image/png", buffer: Buffer.from([0x50, 0x4b, 3, 4, 0, 0]) },
    ]);
    await expect(chips(page).nth(0)).toContainText("Too large: 11 MB, the limit is 10 MB.");
    await expect(chips(page).nth(1)).toContainText("Unsupported file type.");
    await expect(page.getByText("2 files couldn't be attached. Remove them.")).toBeVisible();
    await expect(conversation.sendButton).toHaveAttribute("aria-disabled", "true");
    await page.getByRole("button", { name: "Remove film.mp4" }).click();
    await page.getByRole("button", { name: "Remove photo.png" }).click();
    await conversation.sendButton.click();
    await expect(conversation.answerTexts.last()).toHaveText("0 1 2 3");
  });

  test("a draft and its files, also dropped ones, survive a reload", async ({ conversation, page }) => {
    await conversation.composer.fill("half a thought");
    const transfer = await transferOf(page, {
      name: "tides.txt",
      type: "",
      bytes: Buffer.from("06:12 high\n"),
    });
    await page.dispatchEvent("body", "dragenter", { dataTransfer: transfer });
    await expect(page.getByText("Drop to attach")).toBeVisible();
    await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
    await expect(page.getByText("Drop to attach")).toBeHidden();
    await expect(chips(page).first()).toContainText("11 B");

    await page.reload();
    await expect(conversation.composer).toHaveValue("half a thought");
    await expect(chips(page)).toContainText(["tides.txt"]);
    await conversation.sendButton.click();
    await expect(conversation.answerTexts.last()).toContainText('It begins: "06:12 high"');
  });

  test("text typed during a chat's first answer stays in that chat", async ({ conversation, page }) => {
    await conversation.ask("count to 60 at 50 ms");
    await conversation.sees(2);
    await conversation.composer.fill("the next thought");
    await page.reload();
    await expect(conversation.composer).toHaveValue("the next thought");
    await page.goto("/");
    await expect(conversation.composer).toHaveValue("");
  });

  test("a failed upload keeps its chip, and Retry uploads it", async ({ conversation, page }) => {
    let isBroken = true;
    await page.route("**/attachments?name=*", (route) => (isBroken ? route.abort() : route.continue()));
    await conversation.composer.focus();
    await paste(conversation.composer, { name: "notes.png", type: "image/png", bytes: pngOf(8) });
    await expect(chips(page)).toContainText(["The connection was lost during the upload."]);
    isBroken = false;
    await page.getByRole("button", { name: "Retry notes.png" }).click();
    await conversation.sendButton.click();
    await expect(conversation.answerTexts.last()).toContainText("I received an image notes.png");
  });

  test("a file is private, can't run scripts, and can only be uploaded from this site", async ({
    conversation: { page },
    browser,
    app,
  }) => {
    const upload = (origin: string) =>
      page.request.post("/attachments?name=page.html", {
        headers: { origin, "content-type": "text/html" },
        data: "<script>alert(1)</script>",
      });
    expect((await upload("https://evil.example")).status()).toBe(403);
    expect((await page.request.post("/attachments", { data: "no origin" })).status()).toBe(403);
    const origin = new URL(page.url()).origin;
    const tooLarge = await page.request.post("/attachments?name=big.txt", {
      headers: { origin, "content-type": "text/plain" },
      data: Buffer.alloc(10 * 1024 * 1024 + 1, "a"),
    });
    expect(tooLarge.status()).toBe(413);
    expect(await tooLarge.json()).toEqual({ error: expect.stringContaining("10 MB is the limit") });
    const stored = await upload(origin);
    expect(stored.status()).toBe(201);
    const { url } = (await stored.json()) as { url: string };

    const own = await page.request.get(url);
    expect(own.status()).toBe(200);
    expect(own.headers()).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "content-disposition": "attachment; filename*=UTF-8''page.html",
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    });

    const stranger = await browser.newContext({ baseURL: app.url });
    const other = new Conversation(await stranger.newPage(), app);
    await other.page.goto("/");
    const unknown = url.replace(/[0-9a-f]{12}$/, "0".repeat(12));
    for (const address of [url, unknown, "/attachments/..%2f..%2fetc"])
      expect((await other.page.request.get(address)).status()).toBe(404);
    await stranger.close();
  });
});

test.describe("keyboard", () => {
  test("arrow-up in an empty box recalls earlier prompts, also after a reload", async ({
    conversation,
    page,
  }) => {
    for (const question of ["count to 2", "count to 3"]) {
      await conversation.ask(question);
      await conversation.settles();
    }
    await expect.poll(() => conversation.saved()).toHaveLength(4);
    await page.reload();
    const { composer } = conversation;
    await expect(conversation.questions).toHaveCount(2);
    await expect(async () => {
      await composer.press("ArrowUp");
      await expect(composer).toHaveValue("count to 3", { timeout: 500 });
    }).toPass();
    await composer.press("ArrowUp");
    await expect(composer).toHaveValue("count to 2");
    await composer.press("ArrowDown");
    await expect(composer).toHaveValue("count to 3");
    await composer.pressSequentially("3");
    await composer.press("ArrowUp");
    await expect(composer).toHaveValue("count to 33");
  });

  test("a slash shows commands, and the keyboard picks one", async ({ conversation, page }) => {
    const { composer } = conversation;
    await composer.pressSequentially("/");
    const options = page.getByRole("listbox", { name: "Commands" }).getByRole("option");
    await expect(options).toHaveCount(4);
    await composer.pressSequentially("t");
    await expect(options).toHaveText([/\/table/]);
    await composer.press("Enter");
    await expect(composer).toHaveValue("Put your last answer into a table.");
    await expect(options).toHaveCount(0);

    await composer.fill("/");
    await composer.press("ArrowDown");
    await expect(composer).toHaveAttribute("aria-activedescendant", /-1$/);
    await composer.press("Escape");
    await expect(options).toHaveCount(0);
    await expect(composer).toHaveValue("/");
  });

  test("during an answer Enter queues, Ctrl+Enter steers, and the buttons say so", async ({ page }) => {
    await page.goto("/kit");
    const part = page.getByRole("group", { name: "Composer while an answer streams", exact: true });
    const queue = part.getByRole("list", { name: "Queued messages" }).getByRole("listitem");
    const box = part.getByRole("textbox", { name: "Message" });
    await expect(part.getByRole("button", { name: "Stop" })).toBeVisible();
    await expect(part.getByRole("button", { name: "Queue", exact: true })).toHaveCount(0);

    await box.pressSequentially("later");
    await expect(part.getByRole("button", { name: "Queue", exact: true })).toBeVisible();
    await expect(part.getByRole("button", { name: "Steer", exact: true })).toBeVisible();
    await box.press("Enter");
    await expect(queue.last()).toContainText("later");
    await box.pressSequentially("shorter, please");
    await box.press("Control+Enter");
    await expect(part.getByRole("list", { name: "Steered" })).toContainText("shorter, please");
    await expect(queue).toHaveCount(4);

    await queue.last().getByRole("button", { name: "Move up" }).click();
    await expect(queue.nth(2)).toContainText("later");
    await expect(queue.nth(2).getByRole("button", { name: "Move up" })).toBeFocused();
    await queue.nth(2).getByRole("button", { name: "Edit queued message" }).click();
    await part.getByRole("textbox", { name: "Queued message" }).fill("much later");
    await page.keyboard.press("Enter");
    await expect(queue.nth(2)).toContainText("much later");
    await queue.nth(2).getByRole("button", { name: "Remove from the queue" }).click();
    await expect(queue).toHaveCount(3);
    await expect(queue.nth(2).getByRole("button", { name: "Remove from the queue" })).toBeFocused();
    await queue.first().getByRole("button", { name: "Send now" }).click();
    await expect(part.getByRole("list", { name: "Steered" })).toContainText("compare it with last year");
  });
});

type TestFile = { name: string; type: string; bytes: Buffer };

function transferOf(page: Page, { name, type, bytes }: TestFile) {
  return page.evaluateHandle(
    ([base64, filename, mediaType]) => {
      const transfer = new DataTransfer();
      const content = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      transfer.items.add(new File([content], filename, { type: mediaType }));
      return transfer;
    },
    [bytes.toString("base64"), name, type] as const,
  );
}

async function paste(box: Locator, file: TestFile): Promise<void> {
  const clipboardData = await transferOf(box.page(), file);
  await box.evaluate((element, data) => {
    element.dispatchEvent(
      new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }),
    );
  }, clipboardData);
}

/** A gray square. */
function pngOf(side: number): Buffer {
  const chunk = (name: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 8;
  const rows = Buffer.alloc(side * (side + 1), 128);
  for (let row = 0; row < side; row += 1) rows[row * (side + 1)] = 0;
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function crc(bytes: Buffer): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return (value ^ 0xffffffff) >>> 0;
}
