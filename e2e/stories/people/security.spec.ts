/** Protection from browsers, proxies and strangers: policy, origin, forwarded addresses. */
import { request as send, type IncomingHttpHeaders } from "node:http";
import type { Page } from "@playwright/test";
import { startApp } from "../../support/app";
import { expect, test } from "../../support/story";

declare global {
  interface Window {
    refusedByPolicy: string[];
  }
}

/** Collects violations of the policy, from the first script on. */
async function watchPolicy(page: Page): Promise<() => Promise<string[]>> {
  await page.addInitScript(() => {
    window.refusedByPolicy = [];
    document.addEventListener("securitypolicyviolation", (event) =>
      window.refusedByPolicy.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`),
    );
  });
  return () => page.evaluate(() => window.refusedByPolicy);
}

type Answer = { status: number; headers: IncomingHttpHeaders; body: string };

/** Sends a request as a program does, including what a browser would forbid. */
function ask(url: string, method: string, headers: Record<string, string>, body = ""): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = send(
      url,
      { method, headers: { ...headers, "content-length": Buffer.byteLength(body) } },
      (response) => {
        let text = "";
        response.on("data", (chunk) => (text += chunk));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        );
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

test("no page violates its content security policy: chat, menus, dialogs, palette, theme, kit and the other pages", async ({
  page,
  app,
}) => {
  test.setTimeout(240_000);
  const refused = await watchPolicy(page);
  const warnings: string[] = [];
  page.on("console", (message) => {
    if (/content security policy|hydrat/i.test(message.text())) warnings.push(message.text());
  });
  await page.goto("/");
  await page.getByRole("textbox", { name: "Message" }).fill("Explain how tides work, with a table and code");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await expect(page.getByRole("button", { name: "Send", exact: true })).toBeVisible();
  await expect(page.locator("table")).toBeVisible();
  await page.getByRole("button", { name: "Share" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  expect(await page.locator("head style").count()).toBeGreaterThan(0);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("option").first()).toBeVisible();
  await page.keyboard.press("Escape");
  expect(await refused()).toEqual([]);
  for (const address of [
    "/settings",
    "/inbox",
    "/kit",
    "/sign-in/link?token=none",
    "/answer/none",
    "/share/none",
    "/no/such/page",
  ]) {
    await page.goto(address);
    await page.waitForLoadState("load");
    if (address === "/settings") {
      await page.getByLabel("Dark").check();
      await expect(page.locator("html")).toHaveClass(/dark/);
    }
    expect(await refused(), address).toEqual([]);
  }
  expect(warnings).toEqual([]);
  await page.goto("/");
  // The theme's script ran before the first paint.
  await expect(page.locator("html")).toHaveClass(/dark/);
  expect(app.url).toContain("localhost");
});

test("an injected script doesn't run, and the browser reports it", async ({ page }) => {
  const refused = await watchPolicy(page);
  await page.goto("/");
  await expect(page.getByRole("textbox", { name: "Message" })).toBeVisible();
  const report = page.waitForRequest((request) => new URL(request.url()).pathname === "/csp-report");
  await page.evaluate(() => {
    const box = document.createElement("div");
    box.innerHTML = '<img src="/icon.svg" onload="document.title=1">';
    document.body.append(box);
    const frame = document.createElement("iframe");
    frame.srcdoc = "<script>parent.document.title = 2</script>";
    document.body.append(frame);
  });
  expect((await report).postData()).toContain("script-src");
  await expect.poll(refused).not.toEqual([]);
  expect(await page.title()).not.toMatch(/^[12]$/);
});

test("every response has a policy of its own and restricts what a page may do", async ({ app }) => {
  const [one, two] = [
    await fetch(app.url, { headers: { accept: "text/html" } }),
    await fetch(`${app.url}/no/such/page`),
  ];
  const nonceOf = (response: Response) =>
    /script-src 'nonce-([^']+)' 'strict-dynamic';/.exec(
      response.headers.get("content-security-policy") ?? "",
    )?.[1];
  expect(nonceOf(one)).toBeTruthy();
  expect(nonceOf(one)).not.toBe(nonceOf(two));
  const html = await one.text();
  for (const [script] of html.matchAll(/<script\b[^>]*>/g))
    expect(script).toContain(`nonce="${nonceOf(one)}"`);
  expect(one.headers.get("cross-origin-opener-policy")).toBe("same-origin");
  expect(one.headers.get("permissions-policy")).toContain("camera=()");
  expect(one.headers.get("x-content-type-options")).toBe("nosniff");
  // Browsers ignore the header over plain http, and nothing says that the site uses https.
  expect(one.headers.get("strict-transport-security")).toBeNull();
});

test("policy reports are limited in size and number", async ({ app }) => {
  const report = (body: string) =>
    ask(`${app.url}/csp-report`, "POST", { "content-type": "application/csp-report" }, body);
  const good = JSON.stringify({
    "csp-report": {
      "effective-directive": "script-src",
      "blocked-uri": "inline",
      "document-uri": `${app.url}/`,
    },
  });
  expect((await report(good)).status).toBe(204);
  expect((await report("{")).status).toBe(400);
  expect((await report("x".repeat(20_000))).status).toBe(413);
  const statuses: number[] = [];
  for (let sent = 0; sent < 12; sent++) statuses.push((await report(good)).status);
  expect(statuses).toContain(429);
});

test("every action, form and route that changes data checks its origin", async ({ conversation: chat }) => {
  const { page, app } = chat;
  await page.goto("/settings");
  const action = page.waitForRequest(
    (request) => request.method() === "POST" && "next-action" in request.headers(),
  );
  await page.getByRole("form", { name: "Create an account" }).getByLabel("Email").fill("ada@example.com");
  await page
    .getByRole("form", { name: "Create an account" })
    .getByLabel("Password")
    .fill("short but long enough");
  await page.getByRole("button", { name: "Create account" }).click();
  const caught = await action;
  await expect(page.getByText("Signed in as ada@example.com")).toBeVisible();
  const own = {
    "next-action": caught.headers()["next-action"] ?? "",
    "content-type": caught.headers()["content-type"] ?? "",
    accept: "text/x-component",
  };
  const body = JSON.stringify([{ email: "ada@example.com", password: "wrong password" }]);
  const post = (headers: Record<string, string>, path = "/settings") =>
    ask(`${app.url}${path}`, "POST", headers, body);

  expect((await post({ ...own, origin: app.url })).status).toBe(200);
  expect((await post({ ...own, origin: "https://evil.example" })).status).toBe(403);
  expect(
    (await post({ ...own, origin: "https://evil.example", "x-forwarded-host": "evil.example" })).status,
  ).toBe(403);
  expect((await post(own)).status).toBe(403);
  const form = { "content-type": "application/x-www-form-urlencoded" };
  expect((await post({ ...form, origin: "https://evil.example" })).status).toBe(403);
  expect((await post({ ...form, origin: "null" }, "/")).status).toBe(403);
  expect((await post({ origin: "https://evil.example" }, "/attachments?name=a.txt")).status).toBe(403);
});

test("the inspector and the crash button don't exist unless they are turned on", async () => {
  test.setTimeout(120_000);
  const closed = await startApp({ INSPECT: "", CRASH_BUTTON: "" });
  for (const path of ["/inspect", "/inspect?session=x", "/inspect/watch?session=x"])
    expect((await fetch(`${closed.url}${path}`, { headers: { accept: "text/html" } })).status, path).toBe(
      404,
    );
  expect(await (await fetch(`${closed.url}/inspect/sessions`)).json()).toMatchObject({
    engine: "none",
    sessions: [],
  });
  await closed.close();
});
