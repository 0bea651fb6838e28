import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import type { Page } from "@playwright/test";
import { expectAccessible } from "../../support/axe";
import { projectDir } from "../../support/processes";
import { counted, expect, test } from "../../support/story";

const run = promisify(execFile);

/** Turns the guest of this page into an account. */
async function createAccount(page: Page): Promise<void> {
  await page.goto("/settings");
  const form = page.getByRole("form", { name: "Create an account" });
  await form.getByLabel("Email").fill(`${crypto.randomUUID()}@example.com`);
  await form.getByLabel("Password").fill("correct horse battery");
  await form.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByText("Signed in as")).toBeVisible();
}

async function createKey(page: Page, name: string): Promise<string> {
  await page.getByRole("button", { name: "Create API key" }).click();
  const form = page.getByRole("dialog", { name: "Create API key" });
  await form.getByLabel("Name").fill(name);
  await form.getByRole("button", { name: "Create key" }).click();
  const shown = page.getByRole("dialog", { name: "Your new API key" });
  const token = await shown.getByRole("textbox", { name: "API key" }).inputValue();
  await shown.getByRole("button", { name: "Done" }).click();
  await expect(shown).toHaveCount(0);
  return token;
}

test("a guest has no API keys; an account's is made, shown once, used and revoked", async ({
  conversation: chat,
  context,
}) => {
  const { page, app } = chat;
  await chat.ask("count to 2");
  await chat.settles();
  await page.goto("/settings");
  const section = page.getByRole("region", { name: "API keys" });
  await expect(section).toContainText("Create an account to use your chats from programs");
  await expect(section.getByRole("button")).toHaveCount(0);

  await createAccount(page);
  await section.getByRole("button", { name: "Create API key" }).click();
  const form = page.getByRole("dialog", { name: "Create API key" });
  await expectAccessible(page, "settings, about to create an API key");
  await form.getByRole("button", { name: "Create key" }).click();
  await expect(form.getByRole("alert")).toHaveText("Give the key a name.");
  await form.getByLabel("Name").fill("Nightly report");
  await form.getByLabel("Approve, deny and answer what agents ask").uncheck();
  await form.getByLabel("Expires").selectOption("In 30 days");
  await form.getByRole("button", { name: "Create key" }).click();
  const shown = page.getByRole("dialog", { name: "Your new API key" });
  const token = await shown.getByRole("textbox", { name: "API key" }).inputValue();
  expect(token).toMatch(/^holdfast_[\w-]{43}$/);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await shown.getByRole("button", { name: "Copy API key" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(token);
  await expectAccessible(page, "settings, with a new API key");
  await shown.getByRole("button", { name: "Done" }).click();
  const listed = section.getByRole("listitem").filter({ hasText: "Nightly report" });
  await expect(listed).toContainText("chats:read, chats:write");
  await expect(listed).toContainText("Never used");

  const list = (headers: Record<string, string>) => fetch(`${app.url}/api/agent/chats`, { headers });
  expect((await list({ authorization: `Bearer ${token}` })).status).toBe(200);
  // The cookie of the same person opens nothing there.
  const cookies = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  expect((await list({ cookie: cookies })).status).toBe(401);
  const create = (headers: Record<string, string>) =>
    fetch(`${app.url}/api/agent/chats`, { method: "POST", body: "{}", headers });
  const elsewhere = { origin: "https://elsewhere.example" };
  expect((await create({ cookie: cookies, ...elsewhere })).status).toBe(401);
  expect((await create({ authorization: `Bearer ${token}`, ...elsewhere })).status).toBe(201);
  const nothing = await fetch(`${app.url}/api/agent/nothing`);
  expect(nothing.status).toBe(404);
  expect(await nothing.json()).toMatchObject({ error: { code: "no-such-operation" } });

  await page.reload();
  await expect(page.getByText(token)).toHaveCount(0);
  expect(await page.content()).not.toContain(token.slice(17));
  await expect(listed).toContainText("Last used");
  await expectAccessible(page, "settings, with an API key");
  await listed.getByRole("button", { name: "Revoke Nightly report" }).click();
  const sure = page.getByRole("dialog", { name: "Revoke Nightly report?" });
  await sure.getByRole("button", { name: "Keep key" }).click();
  expect((await list({ authorization: `Bearer ${token}` })).status).toBe(200);
  await listed.getByRole("button", { name: "Revoke Nightly report" }).click();
  await sure.getByRole("button", { name: "Revoke key" }).click();
  await expect(listed).toContainText("Revoked");
  await expect(listed.getByRole("button")).toHaveCount(0);
  expect((await list({ authorization: `Bearer ${token}` })).status).toBe(401);
});

test(
  "an open page shows a program's message and its answer live, and the program sees the page's",
  { tag: "@promise" },
  async ({ conversation: chat }) => {
    const { page, app } = chat;
    await createAccount(page);
    const key = await createKey(page, "Live");
    const headers = { authorization: `Bearer ${key}` };
    await page.goto("/");
    await chat.ask("count to 3");
    await chat.settles();
    const id = chat.chatId();
    const send = (body: object) =>
      fetch(`${app.url}/api/agent/chats/${id}/messages`, {
        method: "POST",
        headers,
        body: JSON.stringify(body),
      });

    const answer = send({ text: "count to 60 at 60 ms" });
    await expect(chat.questions.last()).toHaveText(/count to 60 at 60 ms/);
    // While it is being written.
    await chat.sees(20);
    await expect(chat.answerTexts.last()).not.toContainText(/\b60\b/);
    expect(await (await answer).json()).toMatchObject({ status: "completed", text: counted(60) });
    await expect(chat.answerTexts.last()).toHaveText(counted(60));
    await chat.settles();

    await chat.ask("count to 4");
    await chat.settles();
    const transcript = await (await fetch(`${app.url}/api/agent/chats/${id}`, { headers })).json();
    expect(transcript.messages).toHaveLength(6);

    // A request that a program makes the agent ask is on the page, and its decision there is the program's, too.
    const asked = await (await send({ text: "Ask me which lamp to send" })).json();
    expect(asked.status).toBe("waiting");
    await expect(page.getByRole("article", { name: "Which lamp should be sent instead?" })).toBeVisible();
    const [request] = asked.requests;
    const decided = await fetch(
      `${app.url}/api/agent/chats/${id}/requests/${encodeURIComponent(request.id)}`,
      {
        method: "POST",
        headers,
        body: JSON.stringify({ type: "answer", output: { optionIds: [request.input.options[0].id] } }),
      },
    );
    expect(await decided.json()).toEqual({ isComplete: true });
    await expect(page.getByText("through the API")).toBeVisible();
    await expect.poll(async () => (await chat.saved()).length).toBe(8);
    await chat.settles();
    await page.reload();
    await expect(chat.answerTexts.nth(1)).toHaveText(counted(60));
  },
);

test("the lines of the documentation do what it says", async ({ conversation: chat }) => {
  test.setTimeout(180_000);
  const { page, app } = chat;
  await createAccount(page);
  const env = {
    ...process.env,
    HOLDFAST_URL: app.url,
    HOLDFAST_KEY: await createKey(page, "Docs"),
    TRIGGER_API_URL: app.engine.url,
    TRIGGER_SECRET_KEY: app.engine.secretKey,
  };
  const source = readFileSync(path.join(projectDir, "app/docs/content/server-chat.mdx"), "utf8");
  const blocks = [...source.matchAll(/^```(bash|ts|python)\n([\s\S]*?)^```$/gm)];
  const outputs: string[] = [];
  for (const [, language, code] of blocks) {
    const [program, ...args] = {
      bash: ["bash", "-euo", "pipefail", "-c"],
      ts: [process.execPath, "--import", "tsx", "--input-type=module", "-e"],
      python: ["python3", "-c"],
    }[language as "bash" | "ts" | "python"] as [string, ...string[]];
    if (language === "python" && !(await isInstalled("python3"))) {
      outputs.push("no Python here");
      continue;
    }
    const { stdout } = await run(program, [...args, code!], { cwd: projectDir, env, timeout: 60_000 });
    outputs.push(stdout);
  }
  expect(JSON.parse(outputs[0]!)).toMatchObject({ status: "completed", text: counted(5) });
  expect(outputs[1]!.trim()).toBe(counted(10));
  expect(outputs[2]).toMatch(/^id: \d+\ndata: \{/);
  expect(outputs[2]).toMatch(/"type":"tool-output-available"[\s\S]*data: \[DONE\]/);
  expect(outputs[3]).toMatch(/data: \[DONE\]/);
  expect(JSON.parse(outputs[4]!)).toEqual({ isComplete: true });
  expect(outputs[5]!.trim()).toBe(`completed ${counted(6)}`);
  expect(outputs[6]!.trim()).toBe(counted(7));
  expect(outputs[7]).toMatch(new RegExp(`^completed ${counted(8)}|^no Python here`));

  // Its address is on the page, and the document beside it needs no key.
  const document = await (await fetch(`${app.url}/api/agent/openapi.json`)).json();
  expect(Object.keys(document.paths)).toContain("/chats/{id}/messages");
  await page.goto("/docs/server-chat");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Server-side chat");
});

async function isInstalled(program: string): Promise<boolean> {
  return run(program, ["--version"]).then(
    () => true,
    () => false,
  );
}
