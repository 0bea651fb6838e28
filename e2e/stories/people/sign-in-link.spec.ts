/** A mailed link signs in where it was requested. In another browser it asks first, and moves no chats. */
import { OWN_ADDRESS } from "../../support/app";
import { expectAccessible } from "../../support/axe";
import { Mailbox } from "../../support/mailbox";
import { expect, test as base, type Conversation } from "../../support/story";

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
      });
      mailbox.close();
    },
    { scope: "worker" },
  ],
});

async function requestLink({ page }: Pick<Conversation, "page">, email: string): Promise<string> {
  await page.goto("/settings");
  await page.getByRole("button", { name: "Sign in with an email link" }).click();
  const form = page.getByRole("form", { name: "Sign in with an email link" });
  await form.getByLabel("Email").fill(email);
  await form.getByRole("button", { name: "Send a link" }).click();
  await expect(page.getByText(`We sent a link to ${email}.`)).toBeVisible();
  return mailbox.signInLinkFor(email);
}

async function askSomething(chat: Conversation): Promise<string> {
  await chat.page.goto("/");
  await chat.ask("count to 3");
  await chat.settles();
  await expect.poll(() => chat.saved()).toHaveLength(2);
  return chat.page.url();
}

test("a sign-in link names the account, asks before it moves chats, and works once", async ({
  conversation: chat,
}) => {
  const { page } = chat;
  const address = await askSomething(chat);
  const email = "ada@example.com";
  const link = await requestLink(chat, email);
  await page.goto(link);
  await expect(page.getByText(`You’ll sign in as ${email}.`)).toBeVisible();
  await expect(page.getByText("This browser has 1 chat without an account.")).toBeVisible();
  await expectAccessible(page, "a sign-in link");
  await page.getByRole("button", { name: "Sign in and move 1 chat" }).click();
  await expect(page).toHaveURL(/\/$/);
  expect((await page.goto(address))?.status()).toBe(200);
  await page.goto("/settings");
  await expect(page.getByText(`Signed in as ${email}`)).toBeVisible();
  await page.goto(link);
  await expect(page.getByRole("main").getByRole("alert")).toContainText("already used");
});

test("someone else's link moves no chats, and they are back after signing out", async ({
  conversation: chat,
  browser,
}) => {
  const { page } = chat;
  const address = await askSomething(chat);
  const attacker = await browser.newContext({ baseURL: chat.app.url });
  const link = await requestLink({ page: await attacker.newPage() }, "mallory@example.com");
  await attacker.close();

  await page.goto(link);
  await expect(page.getByText("You’ll sign in as mallory@example.com.")).toBeVisible();
  await expect(page.getByText("This link was requested in another browser.")).toBeVisible();
  await expect(page.getByText("The 1 chat in this browser won't move.")).toBeVisible();
  await expect(page.getByRole("button", { name: /move/ })).toHaveCount(0);
  await expectAccessible(page, "a sign-in link from elsewhere");
  await page.getByRole("button", { name: "I requested it, sign in" }).click();
  await expect(page).toHaveURL(/\/$/);
  expect((await page.goto(address))?.status()).toBe(404);

  await page.goto("/settings");
  await expect(page.getByText("Signed in as mallory@example.com")).toBeVisible();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(
    page.getByRole("form", { name: "Create an account" }).or(page.getByRole("textbox", { name: "Message" })),
  ).toBeVisible();
  expect((await page.goto(address))?.status()).toBe(200);
});
