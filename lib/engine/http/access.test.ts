/** Tries every kind of token on every route of the engine, and checks that only the right ones are accepted. */
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestEngine, TEST_SECRET_KEY, type TestEngine } from "@/e2e/support/engine";
import { engineClient, type Chat } from "@/e2e/support/engine-client";
import { isForBrowsers } from "@/lib/engine-paths";
import { createAuth } from "./auth";

/** What a route accepts. The secret key always opens it, unless the route has a proof of its own. */
type Verdict =
  | "secret key"
  | "token that reads this chat"
  | "token that writes this chat"
  | "token that reads this channel"
  | "token that writes this channel"
  | "token that reads this run"
  | "own proof"
  | "anybody";

/** A new route without a line here fails the first test: decide who may call it, then add the line. */
const VERDICTS: Record<string, Verdict> = {
  "GET /api/v1/sessions/:session": "token that reads this chat",
  "GET /realtime/v1/sessions/:session/out": "token that reads this chat",
  "GET /realtime/v1/sessions/:session/out/records": "token that reads this chat",
  "GET /realtime/v1/sessions/:session/channels/:channel/out": "token that reads this channel",
  "GET /realtime/v1/sessions/:session/channels/:channel/out/records": "token that reads this channel",
  "POST /realtime/v1/sessions/:session/in/append": "token that writes this chat",
  "POST /realtime/v1/sessions/:session/channels/:channel/in/append": "token that writes this channel",
  "GET /api/v3/runs/:run": "token that reads this run",
  "GET /realtime/v1/streams/:run/:stream": "token that reads this run",
  "GET /healthz": "anybody",
  "PUT /blobs/:key": "own proof",
  "GET /blobs/:key": "own proof",
  "POST /s2/v1/streams/:name/records": "own proof",
  "GET /s2/v1/streams/:name/records/tail": "own proof",
  "PUT /realtime/v1/sessions/:session/in": "secret key",
  "PUT /realtime/v1/sessions/:session/out": "secret key",
  "GET /realtime/v1/sessions/:session/in": "secret key",
  "GET /realtime/v1/sessions/:session/in/records": "secret key",
  "POST /realtime/v1/sessions/:session/out/append": "secret key",
  "PUT /realtime/v1/sessions/:session/channels/:channel/in": "secret key",
  "PUT /realtime/v1/sessions/:session/channels/:channel/out": "secret key",
  "GET /realtime/v1/sessions/:session/channels/:channel/in": "secret key",
  "GET /realtime/v1/sessions/:session/channels/:channel/in/records": "secret key",
  "POST /realtime/v1/sessions/:session/channels/:channel/out/append": "secret key",
  "POST /api/v1/sessions": "secret key",
  "GET /api/v1/sessions": "secret key",
  "PATCH /api/v1/sessions/:session": "secret key",
  "POST /api/v1/sessions/:session/close": "secret key",
  "POST /api/v1/sessions/:session/end-and-continue": "secret key",
  "PUT /api/v1/sessions/:session/snapshot-url": "secret key",
  "GET /api/v1/sessions/:session/snapshot-url": "secret key",
  "GET /api/v1/sessions/:session/transcript": "secret key",
  "POST /api/v1/sessions/:session/revoke": "secret key",
  "DELETE /api/v1/sessions/:session": "secret key",
  "POST /api/v1/session-tokens/expire": "secret key",
  "PUT /realtime/v1/streams/:run/self/:stream": "secret key",
  "PUT /realtime/v1/streams/:run/parent/:stream": "secret key",
  "PUT /realtime/v1/streams/:run/root/:stream": "secret key",
  "POST /realtime/v1/streams/:run/self/:stream/append": "secret key",
  "POST /realtime/v1/streams/:run/parent/:stream/append": "secret key",
  "POST /realtime/v1/streams/:run/root/:stream/append": "secret key",
  "POST /realtime/v1/streams/:run/input/*input": "secret key",
  "GET /realtime/v1/streams/:run/input/*input": "secret key",
  "POST /api/v1/runs/:run/input-streams/wait": "secret key",
  "POST /api/v1/runs/:run/session-streams/wait": "secret key",
  "POST /engine/v1/runs/:run/wait/duration": "secret key",
  "POST /engine/v1/runs/:run/waitpoints/tokens/:waitpoint/wait": "secret key",
  "POST /api/v1/waitpoints/tokens": "secret key",
  "GET /api/v1/waitpoints/tokens/:waitpoint": "secret key",
  "POST /api/v1/waitpoints/tokens/:waitpoint/complete": "secret key",
  "POST /api/v1/auth/jwt/claims": "secret key",
  "POST /api/v1/auth/public-tokens": "secret key",
  "POST /api/v1/prompts/:slug": "secret key",
  "GET /api/v1/deployments/current": "secret key",
  "POST /api/v1/tasks/:task/trigger": "secret key",
  "GET /api/v1/runs": "secret key",
  "POST /api/v2/runs/:run/cancel": "secret key",
  "PUT /api/v1/runs/:run/metadata": "secret key",
  "GET /api/v1/runs/:run/metadata": "secret key",
  "POST /api/v1/runs/:run/tags": "secret key",
  "PUT /api/v2/packets/*file": "secret key",
  "GET /api/v1/packets/*file": "secret key",
  "GET /inspect/sessions": "secret key",
  "GET /inspect/schedules": "secret key",
  "GET /inspect/sessions/:session/watch": "secret key",
  "POST /inspect/sessions/:session/crash": "secret key",
};

const auth = createAuth(TEST_SECRET_KEY);
let test: TestEngine;
const { call, createChat } = engineClient(() => test);

beforeAll(async () => {
  test = await startTestEngine({ maxWorkers: 500 });
  await createChat("theirs");
});
afterAll(() => test.close());

type Claims = Record<string, unknown>;

const soon = () => Math.floor(Date.now() / 1_000) + 60;

function sign(claims: Claims, secret = TEST_SECRET_KEY): Promise<string> {
  const own = { iss: "https://id.trigger.dev", aud: "https://api.trigger.dev", sub: "env_local", pub: true };
  return new SignJWT({ ...own, exp: soon(), ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuedAt()
    .sign(new TextEncoder().encode(secret));
}

/** A kind of token; `opens` lists the verdicts it meets. Each call gets a new token, because one kind is for one use. */
type Kind = { kind: string; token: (chat: Chat) => Promise<string | undefined>; opens?: Verdict[] };

const READS: Verdict[] = ["token that reads this chat", "token that reads this channel"];
const WRITES: Verdict[] = ["token that writes this chat", "token that writes this channel"];
const ofChannel = (chat: string, name: string) => [
  `read:sessions:${chat}:channels:${name}`,
  `write:sessions:${chat}:channels:${name}`,
];
const own = ({ name }: Chat) => [`read:sessions:${name}`, `write:sessions:${name}`];
const scoped = (kind: string, scopes: (chat: Chat) => string[], opens: Verdict[] = []): Kind => ({
  kind,
  token: async (chat) => sign({ scopes: scopes(chat) }),
  opens,
});
const flawed = (kind: string, claims: Claims, secret?: string): Kind => ({
  kind,
  token: async (chat) => sign({ scopes: own(chat), ...claims }, secret),
});

const KINDS: Kind[] = [
  { kind: "nothing", token: async () => undefined },
  { kind: "an empty token", token: async () => "" },
  { kind: "garbage", token: async () => "a.b.c" },
  { kind: "half of the secret key", token: async () => TEST_SECRET_KEY.slice(0, 16) },
  {
    kind: "an unsigned token",
    token: async (chat) => {
      const [, body] = (await sign({ scopes: own(chat) })).split(".");
      return `${Buffer.from('{"alg":"none"}').toString("base64url")}.${body}.`;
    },
  },
  flawed("a token signed by another key", {}, "tr_dev_another0123456789"),
  flawed("a token of another issuer", { iss: "https://evil.example" }),
  flawed("a token for another audience", { aud: "https://evil.example" }),
  flawed("an expired token", { exp: soon() - 120 }),
  flawed("a token without an expiry", { exp: undefined }),
  flawed("a token that is not public", { pub: undefined }),
  flawed("a token of another environment", { sub: "env_other" }),
  flawed("a token of no environment", { sub: undefined }),
  flawed("a token without scopes", { scopes: undefined }),
  scoped("its chat's token", own, [...READS, ...WRITES]),
  scoped("a token that reads its chat", (chat) => [own(chat)[0]!], READS),
  scoped("a token that writes its chat", (chat) => [own(chat)[1]!], WRITES),
  scoped("its side channel's token", ({ name }) => ofChannel(name, "channel"), [
    "token that reads this channel",
    "token that writes this channel",
  ]),
  scoped(
    "a token that reads one direction of its side channel",
    ({ name }) => [`read:sessions:${name}:channels:channel:out`],
    ["token that reads this channel"],
  ),
  scoped("a token for the wrong direction of its side channel", ({ name }) => [
    `read:sessions:${name}:channels:channel:in`,
    `write:sessions:${name}:channels:channel:out`,
  ]),
  scoped("another side channel's token", ({ name }) => ofChannel(name, "channel.2")),
  scoped("the token of another chat's side channel", () => ofChannel("theirs", "channel")),
  scoped("a token for all side channels", ({ name }) => ofChannel(name, "")),
  {
    kind: "its chat's token for one use",
    token: async (chat) => sign({ scopes: own(chat), otu: true, jti: crypto.randomUUID() }),
    opens: [...READS, ...WRITES],
  },
  {
    kind: "its chat's token for one use, used",
    token: async (chat) => {
      const once = await sign({ scopes: own(chat), otu: true, jti: crypto.randomUUID() });
      await responseTo("GET", `/api/v1/sessions/${chat.name}`, once);
      return once;
    },
  },
  scoped("another chat's token", () => ["read:sessions:theirs", "write:sessions:theirs"]),
  scoped("a token that names the session by the engine's id", ({ id }) => [
    `read:sessions:${id}`,
    `write:sessions:${id}`,
  ]),
  scoped("a token that administers its chat", ({ name }) => [`admin:sessions:${name}`]),
  scoped("a token for all sessions", () => ["read:sessions", "write:sessions", "admin:sessions"]),
  scoped("a token for everything", () => ["read", "write", "admin", "trigger"]),
  scoped("a token for tasks", () => ["trigger:tasks:chat", "write:tasks:chat", "read:tasks:chat"]),
  scoped("its run's token", ({ runId }) => [`read:runs:${runId}`], ["token that reads this run"]),
  scoped("a token that writes its run", ({ runId }) => [
    `write:runs:${runId}`,
    `write:inputStreams:${runId}`,
  ]),
  scoped("another run's token", () => ["read:runs:run_other", "write:inputStreams:run_other"]),
  scoped("a waitpoint's token", () => ["read:waitpoints:w", "write:waitpoints:w", "read:prompts:p"]),
  { kind: "another stream's S2 token", token: async () => auth.signStreamToken("sessions/x/out", undefined) },
  {
    kind: "the secret key",
    token: async () => TEST_SECRET_KEY,
    opens: ["secret key", ...READS, ...WRITES, "token that reads this run"],
  },
];

/** Sends a request and returns its status without waiting for the end of a stream. */
async function responseTo(method: string, path: string, token: string | undefined) {
  const cut = new AbortController();
  const response = await fetch(`${test.url}${path}`, {
    method,
    signal: cut.signal,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ...(method === "GET" ? {} : { body: '{"kind":"stop"}' }),
  });
  const { status, headers } = response;
  cut.abort();
  return { status, headers };
}

/** Fills in a route's path with the chat's own ids, and with ids that don't exist for everything else. */
function pathOf(pattern: string, chat: Chat): string {
  const values: Record<string, string> = { ":session": chat.name, ":run": chat.runId };
  return pattern
    .split("/")
    .map((part) => values[part] ?? (/^[:*]/.test(part) ? part.slice(1) : part))
    .join("/");
}

const nameOf = ({ method, pattern }: { method: string; pattern: string }) => `${method} ${pattern}`;

it("has a verdict for every route, and no verdict for a route that is gone", () => {
  expect(test.engine.routes.map(nameOf).toSorted()).toEqual(Object.keys(VERDICTS).toSorted());
});

describe.each(Object.entries(VERDICTS))("%s is for the %s", (route, verdict) => {
  const [method, pattern] = route.split(" ") as [string, string];

  it("and opens to no other token", async () => {
    const chat = await createChat(`chat ${route}`.replaceAll(/[^a-z]+/gi, "-"));
    for (const { kind, token, opens = [] } of KINDS) {
      const answer = await responseTo(method, pathOf(pattern, chat), await token(chat));
      const isOpen = ![401, 403].includes(answer.status);
      expect([kind, isOpen, answer.status]).toEqual([
        kind,
        verdict === "anybody" || opens.includes(verdict),
        answer.status,
      ]);
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(answer.headers.get("content-security-policy")).toContain("sandbox");
    }
  });

  it("from a worker too, whose address names its run", async () => {
    if (verdict === "own proof" || verdict === "anybody") return expect(pattern).not.toContain(":session");
    const chat = await createChat(`worker ${route}`.replaceAll(/[^a-z]+/gi, "-"));
    const path = `/run/${chat.runId}/1${pathOf(pattern, chat)}`;
    expect([401, 403]).not.toContain((await responseTo(method, path, TEST_SECRET_KEY)).status);
    expect([401, 403]).toContain((await responseTo(method, path, await sign({ scopes: ["admin"] }))).status);
  });

  it("and passes through the app only where a browser has something to do", () => {
    const chat = { id: "session_x", runId: "run_x", name: "a%2Fb" };
    if (isForBrowsers(method, pathOf(pattern, chat))) expect(verdict).toMatch(/this (chat|channel)$/);
    expect(isForBrowsers(method, `/run/run_x/1${pathOf(pattern, chat)}`)).toBe(false);
  });
});

it("refuses a session whose id could pass for another one's side channel", async () => {
  const session = { type: "chat.agent", externalId: "theirs:channels:progress", taskIdentifier: "chat" };
  const { status, text } = await call("/api/v1/sessions", { ...session, triggerConfig: { basePayload: {} } });
  expect([status, text]).toEqual([400, expect.stringContaining("externalId: must not have :channels:")]);
});

it("keeps out of the app's origin what no route is for", () => {
  for (const path of ["/", "/healthz", "/blobs/x", "/api/v1/sessions/", "/api/v1/sessions/a/b", "//"])
    for (const method of ["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS"])
      expect([method, path, isForBrowsers(method, path)]).toEqual([method, path, false]);
  expect(isForBrowsers("GET", "/realtime/v1/sessions/mine/out")).toBe(true);
  expect(isForBrowsers("POST", "/realtime/v1/sessions/mine/in/append")).toBe(true);
  expect(isForBrowsers("GET", "/api/v1/sessions/mine")).toBe(true);
});

describe("a blob", () => {
  it.each(["text/html", "text/html; charset=utf-8", "image/svg+xml", "application/xhtml+xml", "TEXT/HTML"])(
    "stored as %s is a download of bytes",
    async (contentType) => {
      const chat = await createChat("blobs");
      const { body: put } = await call(`/api/v1/sessions/${chat.name}/snapshot-url`, undefined, "PUT");
      await fetch(put["presignedUrl"], {
        method: "PUT",
        headers: { "content-type": contentType },
        body: "<script>1</script>",
      });
      const { body: get } = await call(`/api/v1/sessions/${chat.name}/snapshot-url`);
      const { headers } = await fetch(get["presignedUrl"]);
      expect(headers.get("content-type")).toBe("application/octet-stream");
      expect(headers.get("content-disposition")).toBe("attachment");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toContain("sandbox");
    },
  );
});
