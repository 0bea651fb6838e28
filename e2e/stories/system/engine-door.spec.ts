/** Which parts of the engine's API the app's own origin forwards, and that no response from there is ever a page. */
import { expect, test } from "../../support/story";

const closed = /default-src 'none'.*sandbox/;

test("no response of the engine can run a script on the app's origin", async ({
  conversation,
  app,
  page,
}) => {
  await conversation.ask("count to 2");
  await conversation.settles();
  const session = `/api/v1/sessions/${conversation.chatId()}`;
  const headers = { authorization: `Bearer ${app.engine.secretKey}` };
  const stored = await fetch(`${app.engine.url}${session}/snapshot-url`, { method: "PUT", headers });
  const { presignedUrl } = (await stored.json()) as { presignedUrl: string };
  const script = "<script>document.title = 'taken over'</script>";
  await fetch(presignedUrl, { method: "PUT", headers: { "content-type": "text/html" }, body: script });
  const signed = await fetch(`${app.engine.url}${session}/snapshot-url`, { headers });
  const link = new URL(((await signed.json()) as { presignedUrl: string }).presignedUrl);

  const answer = await page.goto(`/engine${link.pathname}${link.search}`);
  expect(answer!.status()).toBe(404);
  expect(await page.title()).not.toBe("taken over");
  expect(await page.content()).not.toContain("taken over");
  await expect(page.goto(link.href)).rejects.toThrow(/Download|ERR_ABORTED/);
});

test("only the routes that a browser needs are forwarded, and every response is inert", async ({
  conversation,
  app,
  page,
}) => {
  await conversation.ask("count to 2");
  await conversation.settles();
  const chatId = conversation.chatId();
  const headers = { authorization: `Bearer ${app.engine.secretKey}` };
  const row = await page.request.get(`/engine/api/v1/sessions/${chatId}`, { headers });
  expect(row.status()).toBe(200);
  const unknown = await page.request.get(`/engine/api/v1/sessions/none`);
  expect(unknown.status()).toBe(401);
  const refused = await Promise.all([
    page.request.get("/engine/healthz", { headers }),
    page.request.get("/engine/inspect/sessions", { headers }),
    page.request.get("/engine/api/v1/sessions", { headers }),
    page.request.put(`/engine/api/v1/sessions/${chatId}/snapshot-url`, { headers }),
    page.request.post(`/engine/api/v1/sessions/${chatId}/close`, { headers, data: {} }),
    page.request.get(`/engine/realtime/v1/sessions/${chatId}/in/records`, { headers }),
    page.request.get(`/engine/run/x/1/api/v1/sessions/${chatId}`, { headers }),
    page.request.get(`/engine/realtime/v1/sessions/x/%2e%2e/${chatId}/../../sessions`, { headers }),
    page.request.post("/engine/s2/v1/streams/x/records", { headers, data: {} }),
  ]);
  for (const answer of refused) expect([answer.url(), answer.status()]).toEqual([answer.url(), 404]);
  for (const answer of [row, unknown, ...refused]) {
    expect(answer.headers()["x-content-type-options"]).toBe("nosniff");
    expect(answer.headers()["content-security-policy"]).toMatch(closed);
  }
});
