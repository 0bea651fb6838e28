import { auth, configure, sessions } from "@trigger.dev/sdk";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startTestEngine, TEST_SECRET_KEY, type TestEngine } from "@/e2e/support/engine";

let test: TestEngine;

beforeAll(async () => {
  test = await startTestEngine({ maxWorkers: 500 });
  configure({ baseURL: test.url, accessToken: TEST_SECRET_KEY });
});
afterAll(() => test.close());

type CallOptions = { method?: string; token?: string; headers?: Record<string, string>; body?: string };

async function call(pathname: string, { method, token = TEST_SECRET_KEY, headers, body }: CallOptions = {}) {
  const response = await fetch(`${test.url}${pathname}`, {
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  const parsed = text.startsWith("{") ? (JSON.parse(text) as Record<string, any>) : {};
  return { status: response.status, headers: response.headers, text, body: parsed };
}

function create(externalId: string, more: Record<string, unknown> = {}) {
  const body = {
    type: "chat.agent",
    externalId,
    taskIdentifier: "chat",
    triggerConfig: { basePayload: {} },
    ...more,
  };
  return call("/api/v1/sessions", { body: JSON.stringify(body) });
}

const uiMessage = { id: "m1", role: "user", parts: [{ type: "text", text: "hi" }] };
const message = (fields: Record<string, unknown> = {}) =>
  JSON.stringify({
    kind: "message",
    payload: { trigger: "submit-message", message: { ...uiMessage, ...fields } },
  });
const append = (chatId: string, options: CallOptions = {}) =>
  call(`/realtime/v1/sessions/${encodeURIComponent(chatId)}/in/append`, { body: message(), ...options });
const attemptsOf = (runId: string) => test.fake.attempts.filter((attempt) => attempt.runId === runId);

describe("sessions", () => {
  it("are created once per external id and start a run", async () => {
    const first = await create("once", { tags: ["a"], metadata: { n: 1 } });
    const second = await create("once", { tags: ["b"] });
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(first.body).toMatchObject({
      externalId: "once",
      isCached: false,
      tags: ["a"],
      metadata: { n: 1 },
      closedAt: null,
    });
    expect(second.body).toMatchObject({
      id: first.body["id"],
      runId: first.body["runId"],
      isCached: true,
      tags: ["b"],
    });
    expect(attemptsOf(first.body["runId"])).toHaveLength(1);
    expect(attemptsOf(first.body["runId"])[0]!.payload).toEqual({ sessionId: first.body["id"] });
  });

  it("are created once however many ask at the same time", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => create("stampede")));
    expect(new Set(answers.map(({ body }) => body["runId"])).size).toBe(1);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  });

  it("are found by both of their names", async () => {
    const { body } = await create("both names/1");
    for (const name of [body["id"] as string, encodeURIComponent("both names/1")]) {
      expect((await call(`/api/v1/sessions/${name}`)).body).toMatchObject({ id: body["id"] });
    }
    expect((await call("/api/v1/sessions/nobody")).status).toBe(404);
    expect((await call("/api/v1/sessions/session_nobody")).status).toBe(404);
  });

  it.each([
    ["an unknown task", { taskIdentifier: "nope" }, 422],
    ["an external id with the reserved prefix", { externalId: "session_x" }, 400],
    ["an external id that is too long", { externalId: "x".repeat(257) }, 400],
    ["an external id with NUL", { externalId: "a\u0000b" }, 400],
    ["an empty external id", { externalId: "" }, 400],
    ["eleven tags", { tags: Array.from({ length: 11 }, String) }, 400],
    ["no trigger config", { triggerConfig: undefined }, 400],
    ["an idle timeout of zero", { triggerConfig: { basePayload: {}, idleTimeoutInSeconds: 0 } }, 400],
  ])("refuse %s", async (_name, fields, status) => {
    const answer = await create("bad", fields);
    expect(answer.status).toBe(status);
    expect(answer.body["error"]).toEqual(expect.any(String));
    expect(answer.headers.get("x-should-retry")).toBe("false");
  });

  it("say what is wrong with a body that is not JSON", async () => {
    const answer = await call("/api/v1/sessions", { body: "{oops" });
    expect(answer.status).toBe(400);
    expect(answer.body["error"]).toContain("not valid JSON");
  });

  it("are listed in pages, newest first, and filtered", async () => {
    for (let index = 0; index < 5; index++)
      await create(`listed ${index}`, { type: "listed", tags: [`t${index % 2}`] });
    const seen: string[] = [];
    for (let cursor: string | undefined = ""; cursor !== undefined;) {
      const page = await call(
        `/api/v1/sessions?filter[type]=listed&page[size]=2${cursor && `&page[after]=${cursor}`}`,
      );
      seen.push(...page.body["data"].map((session: { externalId: string }) => session.externalId));
      cursor = page.body["pagination"].next;
    }
    expect(seen).toEqual([4, 3, 2, 1, 0].map((index) => `listed ${index}`));
    const found = [];
    for await (const session of sessions.list({ type: "listed", tag: "t1" })) found.push(session.externalId);
    expect(found).toEqual(["listed 3", "listed 1"]);
    expect((await call("/api/v1/sessions?filter[status]=WRONG")).status).toBe(400);
  });

  it("are paged backwards too, and filtered by all that a list can be filtered by", async () => {
    for (let index = 0; index < 4; index++)
      await create(`paged ${index}`, { type: "paged", tags: ["all", `p${index}`] });
    await sessions.close("paged 3", {});
    const list = async (query: string) => {
      const { body } = await call(`/api/v1/sessions?filter[type]=paged&${query}`);
      const data = body["data"] as { id: string; externalId: string }[];
      return {
        ids: data.map(({ id }) => id),
        names: data.map(({ externalId }) => externalId.at(-1)).join(""),
        ...body["pagination"],
      };
    };
    const first = await list("page[size]=2");
    const second = await list(`page[size]=2&page[after]=${first.next}`);
    expect([first.names, second.names]).toEqual(["32", "10"]);
    expect([first.previous, second.next]).toEqual([undefined, undefined]);
    expect(await list(`page[size]=2&page[before]=${second.previous}`)).toMatchObject({
      names: "32",
      next: first.next,
    });
    expect((await list("filter[status]=CLOSED")).names).toBe("3");
    expect((await list("filter[status]=ACTIVE,EXPIRED")).names).toBe("210");
    expect((await list("filter[tags]=p1,p2")).names).toBe("21");
    expect((await list("filter[externalId]=paged 0,paged 9")).names).toBe("0");
    expect((await list("filter[taskIdentifier]=chat")).names).toBe("3210");
    expect((await list("filter[createdAt][period]=1h")).names).toBe("3210");
    expect((await list(`filter[createdAt][from]=${Date.now() + 60_000}`)).names).toBe("");
    expect((await list(`filter[createdAt][to]=${Date.now() - 60_000}`)).names).toBe("");
    expect((await list("page[after]=session_nobody")).names).toBe("");
    for (const bad of [
      "page[size]=0",
      "page[size]=101",
      "page[size]=x",
      "filter[createdAt][from]=then",
      "filter[createdAt][period]=soon",
    ])
      expect([bad, (await call(`/api/v1/sessions?${bad}`)).status]).toEqual([bad, 400]);
  });

  it("are updated field by field", async () => {
    await create("fields", { tags: ["a"], metadata: { n: 1 } });
    const patch = (body: unknown, name = "fields") =>
      call(`/api/v1/sessions/${name}`, { method: "PATCH", body: JSON.stringify(body) });
    expect((await patch({ tags: ["b"] })).body).toMatchObject({ tags: ["b"], metadata: { n: 1 } });
    expect((await patch({ metadata: null })).body).toMatchObject({ tags: ["b"], metadata: null });
    expect((await patch({ externalId: "fields" })).status).toBe(200);
    expect((await patch({ externalId: null })).status).toBe(422);
    expect((await patch({ tags: "b" })).status).toBe(400);
    expect((await patch({}, "nobody")).status).toBe(404);
  });

  it("are updated, but never renamed", async () => {
    await create("updated");
    const changed = await sessions.update("updated", { tags: ["x"], metadata: { a: 1 } });
    expect(changed).toMatchObject({ tags: ["x"], metadata: { a: 1 } });
    const renamed = await call("/api/v1/sessions/updated", {
      method: "PATCH",
      body: '{"externalId":"other"}',
    });
    expect(renamed.status).toBe(422);
  });

  it("close once and for all", async () => {
    const { body } = await create("closed");
    const first = await sessions.close("closed", { reason: "done" });
    const second = await sessions.close("closed", { reason: "other" });
    expect(second).toMatchObject({ closedReason: "done", closedAt: first.closedAt });
    const records = await call("/realtime/v1/sessions/closed/out/records");
    expect(records.body["records"][0].headers).toEqual([
      ["trigger-control", "session-closed"],
      ["session-closed-reason", "done"],
    ]);
    const input = await call("/realtime/v1/sessions/closed/in/records");
    expect(JSON.parse(input.body["records"][0].data)).toMatchObject({ payload: { trigger: "close" } });
    const refused = await append("closed");
    expect(refused.status).toBe(409);
    expect(refused.headers.get("x-should-retry")).toBe("false");
    expect(refused.body).toMatchObject({ ok: false, code: "session_closed", closedReason: "done" });
    const again = await create("closed");
    expect(again.status).toBe(409);
    expect(again.headers.get("x-should-retry")).toBe("false");
    attemptsOf(body["runId"])[0]!.complete();
    await vi.waitFor(async () =>
      expect((await call(`/api/v3/runs/${body["runId"]}`)).body["status"]).toBe("COMPLETED"),
    );
    expect(test.fake.attempts.filter(({ payload }) => payload["sessionId"] === body["id"])).toHaveLength(1);
  });

  it("refuse messages once they have expired", async () => {
    await create("expired", { expiresAt: new Date(Date.now() - 1_000).toISOString() }).catch(() => {});
    expect((await append("expired")).status).toBe(400);
  });
});

describe("append", () => {
  it("stores one record for 100 concurrent tries of one part id", async () => {
    await create("idempotent");
    await append("idempotent", { headers: { "x-part-id": "before" } });
    const tries = Array.from({ length: 100 }, () =>
      append("idempotent", { headers: { "x-part-id": "same" } }),
    );
    const answers = await Promise.all(tries);
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['{"ok":true,"seq":1}']));
    const { body } = await call("/realtime/v1/sessions/idempotent/in/records");
    expect(body["records"]).toHaveLength(2);
    expect(body["records"][1]).toEqual({ data: message(), id: "same", seqNum: 1 });
  });

  it.each([
    ["an unknown session", "nobody", message(), 404],
    ["an empty body", "bodies", "", 400],
    ["a body that is not JSON", "bodies", "{oops", 400],
    ["a body without a kind", "bodies", "[]", 400],
    ["a message without a payload", "bodies", '{"kind":"message"}', 400],
    ["a raw NUL", "bodies", '{"kind":"a\u0000"}', 400],
    ["more than 1 MiB", "bodies", JSON.stringify({ kind: "message", x: "y".repeat(1024 * 1024) }), 413],
    ["more than 1 MiB once wrapped", "bodies", JSON.stringify({ kind: "stop", x: '"'.repeat(400_000) }), 413],
  ])("answers %s as a client understands it", async (_name, chatId, body, status) => {
    await create("bodies");
    const answer = await append(chatId, {
      body,
      method: "POST",
      headers: { origin: "http://localhost:3000" },
    });
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({ ok: false, error: expect.any(String) });
    expect(answer.headers.get("access-control-allow-origin")).toBe("http://localhost:3000");
    expect(answer.headers.get("x-should-retry")).toBe("false");
  });

  it.each([
    ["payload", 1],
    ["payload.message", { trigger: "submit-message" }],
    ["payload.message", { trigger: "submit-message", message: "hi" }],
    ["payload.message.id", { trigger: "submit-message", message: { ...uiMessage, id: 7 } }],
    ["payload.message.role", { trigger: "submit-message", message: { ...uiMessage, role: undefined } }],
    [
      "payload.message.parts",
      { trigger: "submit-message", message: { id: "m", role: "user", content: "x" } },
    ],
    [
      "payload.message.parts.1",
      { trigger: "submit-message", message: { ...uiMessage, parts: [uiMessage.parts[0], null] } },
    ],
  ])("of a chat message names the field that an agent would trip over: %s", async (field, payload) => {
    await create("shapes");
    const answer = await append("shapes", { body: JSON.stringify({ kind: "message", payload }) });
    expect(answer.status).toBe(400);
    expect(answer.body["error"]).toMatch(new RegExp(`^Invalid body: ${field}: `));
    expect((await call("/realtime/v1/sessions/shapes/in/records")).body["records"]).toEqual([]);
  });

  it("lets through what is not a submitted message, and everything to agents of another kind", async () => {
    await create("other triggers");
    for (const payload of [
      { trigger: "action", action: { type: "undo" } },
      { trigger: "regenerate-message" },
      { trigger: "submit-message", channelEvent: { type: "mail" } },
    ]) {
      const body = JSON.stringify({ kind: "message", payload });
      expect((await append("other triggers", { body })).status).toBe(200);
    }
    await create("custom", { type: "custom" });
    expect((await append("custom", { body: "plain text" })).status).toBe(200);
  });

  it("takes escaped NUL and lone surrogates, and a message of a megabyte", async () => {
    await create("odd");
    const odd = message({ parts: [{ type: "text", text: "\u0000\ud800" }] });
    expect((await append("odd", { body: odd })).body).toEqual({ ok: true, seq: 0 });
    const big = message({ parts: [{ type: "text", text: "x".repeat(1_000_000) }] });
    expect((await append("odd", { body: big })).body).toEqual({ ok: true, seq: 1 });
    const { body } = await call("/realtime/v1/sessions/odd/in/records");
    expect(body["records"].map(({ data }: { data: string }) => data)).toEqual([odd, big]);
  });

  it.each(["a/b", "q?x#y", "../up", "ä 🦊", "%2F", "a:b:c", "..%2f", "  inner  space"])(
    "reaches chat %j",
    async (chatId) => {
      const { body } = await create(chatId);
      const name = (body["externalId"] as string) ?? chatId;
      expect((await append(name)).body).toEqual({ ok: true, seq: 0 });
      expect((await call(`/api/v1/sessions/${encodeURIComponent(name)}`)).body).toMatchObject({
        externalId: name,
      });
    },
  );

  it("on a side channel starts no run and keeps its own numbers", async () => {
    const { body } = await create("side");
    attemptsOf(body["runId"])[0]!.complete();
    await vi.waitFor(async () =>
      expect((await call(`/api/v3/runs/${body["runId"]}`)).body["status"]).toBe("COMPLETED"),
    );
    const sent = await call("/realtime/v1/sessions/side/channels/voice.1/in/append", { body: "raw" });
    expect(sent.body).toEqual({ ok: true, seq: 0 });
    expect((await call("/api/v1/sessions/side")).body["currentRunId"]).toBe(body["runId"]);
    expect((await call("/realtime/v1/sessions/side/channels/b%20d/in/append", { body: "raw" })).status).toBe(
      400,
    );
  });
});

describe("authorisation", () => {
  const sign = async (claims: Record<string, unknown>, secret = TEST_SECRET_KEY) =>
    new SignJWT({
      iss: "https://id.trigger.dev",
      aud: "https://api.trigger.dev",
      sub: "env_local",
      pub: true,
      ...claims,
    })
      .setProtectedHeader({ alg: "HS256" })
      .setIssuedAt()
      .sign(new TextEncoder().encode(secret));
  const soon = () => Math.floor(Date.now() / 1_000) + 60;
  const token = (...scopes: string[]) => sign({ exp: soon(), scopes });

  it("lets the token of the SDK do what it says", async () => {
    await create("sdk:token");
    const minted = await auth.createPublicToken({
      scopes: { read: { sessions: "sdk:token" }, write: { sessions: "sdk:token" } },
    });
    expect((await append("sdk:token", { token: minted })).status).toBe(200);
    expect((await call("/realtime/v1/sessions/sdk%3Atoken/out/records", { token: minted })).status).toBe(200);
  });

  it("says nothing about sessions that the token is not for", async () => {
    await create("secret chat");
    const other = await token("read:sessions:other", "write:sessions:other");
    const [known, unknown] = await Promise.all(
      ["secret chat", "no such chat"].map((chatId) => append(chatId, { token: other })),
    );
    expect([known!.status, unknown!.status]).toEqual([403, 403]);
  });

  it("binds blob addresses to one method and one object", async () => {
    await create("blob");
    const { body } = await call("/api/v1/sessions/blob/snapshot-url", { method: "PUT" });
    const url = new URL(body["presignedUrl"]);
    expect((await fetch(url, { method: "GET" })).status).toBe(403);
    expect(
      (await fetch(url, { method: "PUT", body: "v1", headers: { "content-type": "text/plain" } })).status,
    ).toBe(200);
    const elsewhere = new URL(url.href.replace("snapshots%2F", "snapshots%2Fx"));
    expect((await fetch(elsewhere, { method: "PUT", body: "v1" })).status).toBe(403);
    const later = new URL(url);
    later.searchParams.set("expires", String(Date.now() + 1e9));
    expect((await fetch(later, { method: "PUT", body: "v1" })).status).toBe(403);
    const download = await call("/api/v1/sessions/blob/snapshot-url");
    const read = await fetch(download.body["presignedUrl"]);
    expect([read.status, read.headers.get("content-type"), await read.text()]).toEqual([
      200,
      "text/plain",
      "v1",
    ]);
  });
});

describe("the wire", () => {
  it("answers a preflight and unknown paths so that a page can read it", async () => {
    const preflight = await call("/realtime/v1/sessions/x/in/append", {
      method: "OPTIONS",
      token: "",
      headers: {
        origin: "http://localhost:3000",
        "access-control-request-headers": "authorization,x-part-id",
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("http://localhost:3000");
    expect(preflight.headers.get("access-control-allow-headers")).toBe("authorization,x-part-id");
    expect(preflight.headers.get("access-control-allow-methods")).toContain("PATCH");
    const unknown = await call("/api/v9/nothing?secret=1", { headers: { origin: "http://localhost:3000" } });
    expect(unknown.status).toBe(404);
    expect(unknown.body["error"]).toContain("/api/v9/nothing");
    expect(unknown.headers.get("access-control-expose-headers")).toBe("*");
  });

  it("gives pages of other origins nothing to read", async () => {
    const answer = await call("/healthz", { headers: { origin: "https://evil.example" } });
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("refuses a host name that is not its own", async () => {
    const http = await import("node:http");
    const status = await new Promise((resolve) => {
      const options = { port: test.engine.port, path: "/healthz", headers: { host: "evil.example" } };
      http.get(options, (response) => resolve(response.resume().statusCode));
    });
    expect(status).toBe(403);
  });

  it("refuses a path that cannot be decoded", async () => {
    expect((await call("/api/v1/sessions/%E0%A4%A")).status).toBe(400);
  });

  it("has never written a key or a token into its log", () => {
    const log = test.logs.join("\n");
    expect(log).not.toContain(TEST_SECRET_KEY);
    expect(log).not.toMatch(/eyJ[A-Za-z0-9_-]{10,}/);
    expect(log).not.toMatch(/s2\.[A-Za-z0-9_-]{20,}/);
    expect(log.length).toBeGreaterThan(0);
  });
});
