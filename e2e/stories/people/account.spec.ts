import { expect, test } from "../../support/story";

const password = "correct horse battery";

test(
  "a guest becomes an account, signs out, and finds every chat on another machine",
  { tag: "@promise" },
  async ({ conversation: chat, browser }) => {
    await chat.ask("count to 3");
    await chat.settles();
    await expect.poll(() => chat.saved()).toHaveLength(2);
    const address = chat.page.url();
    const email = `${crypto.randomUUID()}@example.com`;

    await chat.page.getByRole("link", { name: "Settings and account" }).click();
    const form = chat.page.getByRole("form", { name: "Create an account" });
    await form.getByLabel("Email").fill(email);
    await form.getByLabel("Password").fill("short");
    await form.getByRole("button", { name: "Create account" }).click();
    await expect(form.getByLabel("Email")).toHaveValue(email);
    await form.getByLabel("Password").fill(password);
    await form.getByRole("button", { name: "Create account" }).click();
    await expect(chat.page.getByText(`Signed in as ${email}`)).toBeVisible();
    await chat.page.goto(address);
    await expect(chat.answers).toHaveText([/0 1 2 3/]);
    await chat.ask("count to 4");
    await expect(chat.answers.last()).toHaveText(/0 1 2 3 4/);
    await chat.settles();

    await chat.page.goto("/settings");
    await chat.page.getByRole("button", { name: "Sign out" }).click();
    await expect(chat.page.getByText("Saved in this browser")).toBeVisible();
    expect((await chat.page.goto(address))?.status()).toBe(404);

    const elsewhere = await browser.newContext({ baseURL: chat.app.url });
    const page = await elsewhere.newPage();
    await page.goto("/settings");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    const signIn = page.getByRole("form", { name: "Sign in" });
    await signIn.getByLabel("Email").fill(email);
    await signIn.getByLabel("Password").fill("not the password");
    await signIn.getByRole("button", { name: "Sign in" }).click();
    await expect(signIn.getByRole("alert")).toContainText("Wrong email or password");
    await signIn.getByLabel("Password").fill(password);
    await signIn.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByText(`Signed in as ${email}`)).toBeVisible();
    await page.goto(address);
    await expect(page.getByText("0 1 2 3 4", { exact: true })).toBeVisible();
    await elsewhere.close();
  },
);

test("without mail no link is offered, and everything can be exported, and deleted after typing the phrase", async ({
  conversation: chat,
}) => {
  await chat.ask("count to 2");
  await chat.settles();
  await expect.poll(() => chat.saved()).toHaveLength(2);
  const address = chat.page.url();
  await chat.page.goto("/settings");
  await expect(chat.page.getByRole("button", { name: "Sign in with an email link" })).toHaveCount(0);
  const everything = await chat.page.request.get("/settings/export");
  expect((await everything.text()).trim().split("\n")).toHaveLength(3);

  await chat.page.getByLabel("Dark").check();
  await expect(chat.page.locator("html")).toHaveClass(/dark/);
  await chat.page.getByRole("button", { name: "Delete everything…" }).click();
  const dialog = chat.page.getByRole("dialog", { name: "Delete everything?" });
  const confirm = dialog.getByRole("button", { name: "Delete everything" });
  await expect(confirm).toBeDisabled();
  await dialog.getByRole("textbox").fill("delete everything");
  await confirm.click();
  await expect(chat.page).toHaveURL(/\/$/);
  expect((await chat.page.goto(address))?.status()).toBe(404);
});

test("a sign-out disables the other tab, which says so, and its tokens no longer open the chat", async ({
  conversation: chat,
}) => {
  const { page, app } = chat;
  const email = `${crypto.randomUUID()}@example.com`;
  await page.goto("/settings");
  const form = page.getByRole("form", { name: "Create an account" });
  await form.getByLabel("Email").fill(email);
  await form.getByLabel("Password").fill(password);
  await form.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByText(`Signed in as ${email}`)).toBeVisible();
  await page.goto("/");
  let token = "";
  page.on("request", (request) => {
    if (request.url().includes("/in/append")) token = request.headers().authorization ?? "";
  });
  await chat.ask("count to 3");
  await chat.settles();
  await expect.poll(() => chat.saved()).toHaveLength(2);
  const append = () =>
    page.request.post(`${app.url}/engine/realtime/v1/sessions/${chat.chatId()}/in/append`, {
      headers: { authorization: token, "content-type": "text/plain", "x-part-id": crypto.randomUUID() },
      data: JSON.stringify({ kind: "stop" }),
    });
  expect((await append()).status()).toBe(200);

  const settings = await page.context().newPage();
  await settings.goto(`${app.url}/settings`);
  await settings.getByRole("button", { name: "Sign out" }).click();
  await expect(settings.getByRole("textbox", { name: "Message" })).toBeVisible();

  await expect(page.getByRole("region", { name: "Your account" })).toContainText(
    "You signed out in another tab",
  );
  await chat.composer.fill("count to 4");
  await expect(page.getByText("You're signed out. Sign in to write here.")).toBeVisible();
  await expect(chat.sendButton).toBeDisabled();
  expect((await append()).status()).toBe(401);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("form", { name: "Create an account" })).toBeVisible();
  await settings.close();
});
