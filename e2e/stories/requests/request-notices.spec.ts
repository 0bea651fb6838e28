/** Requests reach people away from the page: an email with a link that works once. */
import { readFile } from "node:fs/promises";
import { OWN_ADDRESS } from "../../support/app";
import { Mailbox } from "../../support/mailbox";
import { expect, test as base, type Conversation } from "../../support/story";

const CRON_SECRET = "a secret for the cron job";
const mailbox = new Mailbox();

const test = base.extend<object, { engineEnv: Record<string, string> }>({
  engineEnv: [
    // oxlint-disable-next-line no-empty-pattern
    async ({}, provide) => {
      await provide({
        BETTER_AUTH_URL: OWN_ADDRESS,
        RESEND_API_KEY: "key",
        RESEND_BASE_URL: await mailbox.open(),
        MAIL_FROM: "Holdfast <chat@example.com>",
        REQUEST_MAIL: "true",
        REQUEST_SWEEP_SECONDS: "1",
        CRON_SECRET,
      });
      mailbox.close();
    },
    { scope: "worker" },
  ],
});

/** Creates a request for a person who has a verified email address. */
async function askAs(chat: Conversation, email: string, text: string): Promise<void> {
  // The first message makes a visitor a guest.
  await chat.composer.fill(text);
  const session = async () =>
    (await chat.page.context().cookies()).find(({ name }) => name.includes("session_token"))?.value ?? "";
  await expect.poll(session).not.toBe("");
  const token = decodeURIComponent(await session());
  await chat.query(
    `UPDATE "User" SET email = $1, "emailVerified" = true, "isAnonymous" = false WHERE id = (SELECT "userId" FROM "Session" WHERE token = $2)`,
    [email, token.split(".")[0]],
  );
  await chat.ask(text);
  await expect(chat.page.getByRole("region", { name: "Needs your answer" })).toBeVisible();
}

test("a request is mailed once, and its link answers it once, without signing in", async ({
  conversation: chat,
  browser,
}) => {
  const address = "mara@example.com";
  await askAs(chat, address, "Ask me something");
  const link = await mailbox.answerLinkFor(address);

  const elsewhere = await browser.newContext({ baseURL: chat.app.url });
  const page = await elsewhere.newPage();
  const response = await page.goto(link);
  expect(response?.headers()["referrer-policy"]).toBe("no-referrer");
  expect(response?.headers()["x-robots-tag"]).toContain("noindex");
  await expect(page.getByRole("heading", { name: "Needs your answer" })).toBeVisible();
  // The page shows only the request, and nothing of the conversation.
  await expect(page.getByText("I need your choice on one thing")).toHaveCount(0);
  const card = page.getByRole("article", { name: "Which lamp should be sent instead?" });
  await card.getByRole("radio", { name: /Dune lamp/ }).check();
  await card.getByRole("button", { name: "Answer" }).click();
  await expect(page.getByRole("heading", { name: "Thank you" })).toBeVisible();
  await expect(card).toContainText("from a link");
  // The decision needed no sign-in.
  expect(await elsewhere.cookies()).toEqual([]);

  await page.goto(link);
  await expect(page.getByRole("heading", { name: "Already answered" })).toBeVisible();
  const forged = link.slice(0, -4) + (link.endsWith("AAAA") ? "BBBB" : "AAAA");
  await page.goto(forged);
  await expect(page.getByRole("heading", { name: "This link doesn't work" })).toBeVisible();
  await elsewhere.close();

  await chat.page.reload();
  await expect(chat.answers.first()).toContainText("Noted: you chose dune");
  await expect(chat.answers).toHaveCount(1);
  expect(mailbox.to(address)).toHaveLength(1);

  const sweep = (token?: string) =>
    chat.page.request.get("/requests/sweep", token ? { headers: { authorization: `Bearer ${token}` } } : {});
  expect((await sweep()).status()).toBe(401);
  expect((await sweep("a guess")).status()).toBe(401);
  expect(await (await sweep(CRON_SECRET)).json()).toEqual({ isDone: true });
});

test("the link to a deleted chat doesn't work, and changes nothing", async ({
  conversation: chat,
  browser,
}) => {
  const address = "deleted@example.com";
  await askAs(chat, address, "Ask me something");
  const link = await mailbox.answerLinkFor(address);
  const elsewhere = await browser.newContext({ baseURL: chat.app.url });
  const page = await elsewhere.newPage();
  await page.goto(link);
  const card = page.getByRole("article", { name: "Which lamp should be sent instead?" });
  await card.getByRole("radio", { name: /Dune lamp/ }).check();
  await chat.query(`UPDATE "Chat" SET "deletedAt" = now() WHERE id = $1`, [chat.chatId()]);
  await card.getByRole("button", { name: "Answer" }).click();
  await expect(page.getByText("Someone decided before you, so your decision wasn't saved.")).toBeVisible();
  await expect(page.getByRole("heading", { name: "This link doesn't work" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("heading", { name: "This link doesn't work" })).toBeVisible();
  expect(await chat.query(`SELECT state FROM "HumanRequest" WHERE "chatId" = $1`, [chat.chatId()])).toEqual([
    { state: "pending" },
  ]);
  await elsewhere.close();
});

test("always-allowed tools are listed and can be revoked, and all decisions can be exported", async ({
  conversation: chat,
  browser,
}) => {
  await chat.ask("Refund order A-1042, 89 EUR");
  const card = chat.page.getByRole("article", { name: /Refund 89 EUR/ });
  await card.getByRole("checkbox", { name: "Don't ask again in this chat" }).check();
  await card.getByRole("button", { name: "Approve" }).click();
  await expect(card).toContainText("Approved");
  await chat.settles();

  await chat.page.getByRole("button", { name: "Decisions" }).click();
  const dialog = chat.page.getByRole("dialog", { name: "Decisions" });
  const allowed = dialog.getByRole("region", { name: "Always allowed in this chat" });
  await expect(allowed.getByRole("listitem")).toHaveText([/^Refund/]);
  await allowed.getByRole("button", { name: "Revoke Refund" }).click();
  await expect(allowed.getByRole("listitem")).toHaveCount(0);
  await expect(allowed).toContainText("Refund will ask again.");
  expect(await chat.query(`SELECT tool FROM "ToolPermission" WHERE "chatId" = $1`, [chat.chatId()])).toEqual(
    [],
  );

  const download = chat.page.waitForEvent("download");
  await dialog.getByRole("link", { name: "CSV" }).click();
  const file = await download;
  expect(file.suggestedFilename()).toMatch(/decisions\.csv$/);
  const csv = await readFile(await file.path(), "utf8");
  expect(csv).toMatch(/,approval,refund,Refund 89 EUR of order A-1042,.*,approved,Guest,.*,card,/);

  const address = `/chat/${chat.chatId()}/decisions?format=json`;
  const json = (await (await chat.page.request.get(address)).json()) as { checkpoints: unknown[] };
  expect(json).toMatchObject({ requests: [{ tool: "refund", state: "approved", decidedVia: "card" }] });
  expect(json.checkpoints.length).toBeGreaterThan(1);
  const stranger = await browser.newContext({ baseURL: chat.app.url });
  expect((await stranger.request.get(address)).status()).toBe(404);
  await stranger.close();
});
