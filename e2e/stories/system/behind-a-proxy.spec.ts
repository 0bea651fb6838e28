/** The site behind nginx with default settings: another Host, the client's address in a header, https in front. */
import { createServer, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test as base } from "../../support/story";

const SITE = "https://chat.example";

const test = base.extend<object, { engineEnv: Record<string, string> }>({
  engineEnv: [
    {
      BETTER_AUTH_URL: SITE,
      TRUSTED_PROXY: "loopback",
      TRIGGER_API_URL: "http://127.0.0.1:9",
      ENGINE_URL: "",
    },
    { scope: "worker" },
  ],
});

/** What nginx does with only `proxy_pass http://app;` and a header for the client's address. */
async function nginx(target: number): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    const headers = {
      ...request.headers,
      host: "app",
      "x-forwarded-for": "203.0.113.7",
      "x-forwarded-proto": "https",
    };
    const passed = send(
      { host: "127.0.0.1", port: target, path: request.url, method: request.method, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    request.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

test("actions work at the configured address, and the policy gets the engine's address at run time", async ({
  app,
}) => {
  const proxy = await nginx(app.port);
  const page = await fetch(`${proxy.url}/settings`, { headers: { accept: "text/html" } });
  expect(page.status).toBe(200);
  expect(page.headers.get("strict-transport-security")).toBe("max-age=31536000");
  // Set when the server starts, not at build time; the page's own origin has the same source.
  expect(page.headers.get("content-security-policy")).toContain("connect-src 'self' http://127.0.0.1:9;");
  const html = await page.text();
  const actions = [...html.matchAll(/src="([^"]+\.js)"/g)].map(([, src]) => src!);
  expect(actions.length).toBeGreaterThan(0);
  const post = (origin: string) =>
    fetch(`${proxy.url}/settings`, {
      method: "POST",
      headers: { origin, "next-action": "00".repeat(21), "content-type": "text/plain;charset=UTF-8" },
      body: "[]",
    });
  // The action doesn't exist, but Next looked for it. (For an unknown origin it would answer 500.)
  expect([404, 409]).toContain((await post(SITE)).status);
  expect((await post("http://app")).status).toBe(403);
  expect((await post(proxy.url)).status).toBe(403);
  proxy.close();
});
