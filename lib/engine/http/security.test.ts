import net from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestEngine, TEST_SECRET_KEY, type TestEngine } from "@/e2e/support/engine";
import { engineClient, type Chat } from "@/e2e/support/engine-client";
import { createAuth } from "./auth";

let test: TestEngine;
let mine: Chat;
const auth = createAuth(TEST_SECRET_KEY);
const { call, createChat, say } = engineClient(() => test);

beforeAll(async () => {
  test = await startTestEngine({ maxWorkers: 500 });
  mine = await createChat("mine");
  await say(mine);
});
afterAll(() => test.close());

async function request(method: string, path: string, token?: string) {
  const response = await fetch(`${test.url}${path}`, {
    method,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ...(method === "GET" ? {} : { body: "{}" }),
  });
  return { status: response.status, text: await response.text() };
}

/** Requests that a browser with a token for its own chat may try on another chat. */
const SESSION_ROUTES: [string, string][] = [
  ["GET", "/api/v1/sessions/CHAT"],
  ["PATCH", "/api/v1/sessions/CHAT"],
  ["POST", "/api/v1/sessions/CHAT/close"],
  ["POST", "/api/v1/sessions/CHAT/end-and-continue"],
  ["GET", "/api/v1/sessions/CHAT/snapshot-url"],
  ["PUT", "/api/v1/sessions/CHAT/snapshot-url"],
  ["GET", "/api/v1/sessions/CHAT/transcript"],
  ["PUT", "/realtime/v1/sessions/CHAT/out"],
  ["PUT", "/realtime/v1/sessions/CHAT/in"],
  ["GET", "/realtime/v1/sessions/CHAT/out"],
  ["GET", "/realtime/v1/sessions/CHAT/in"],
  ["GET", "/realtime/v1/sessions/CHAT/out/records"],
  ["GET", "/realtime/v1/sessions/CHAT/in/records"],
  ["POST", "/realtime/v1/sessions/CHAT/in/append"],
  ["POST", "/realtime/v1/sessions/CHAT/out/append"],
  ["PUT", "/realtime/v1/sessions/CHAT/channels/x/out"],
  ["GET", "/realtime/v1/sessions/CHAT/channels/x/out"],
  ["GET", "/realtime/v1/sessions/CHAT/channels/x/in/records"],
  ["POST", "/realtime/v1/sessions/CHAT/channels/x/in/append"],
  ["POST", "/realtime/v1/sessions/CHAT/channels/x/out/append"],
];

const at = (path: string, chat = "mine") => path.replace("CHAT", chat).replace("RUN", mine.runId);

describe("every route of a session", () => {
  it.each(SESSION_ROUTES)("%s %s says the same of a foreign chat and of none", async (method, path) => {
    const scopes = ["read", "write", "admin"].map((action) => `${action}:sessions:theirs`);
    const token = await auth.mintToken(scopes, "1h");
    const foreign = await request(method, at(path), token);
    const unknown = await request(method, at(path, "none"), token);
    expect(foreign.status).toBe(403);
    expect(unknown).toEqual({ status: 403, text: foreign.text.replace("mine", "none") });
  });
});

describe("the S2 endpoint", () => {
  it.each([
    ["no token", ""],
    ["the secret key", TEST_SECRET_KEY],
    ["a token for another stream", auth.signStreamToken("sessions/session_other/out", undefined)],
    ["a token with another's signature", createAuth("tr_dev_other").signStreamToken("NAME", undefined)],
    ["a token for a run that has ended", auth.signStreamToken("NAME", { runId: "run_gone", attempt: 1 })],
  ])("takes nothing from %s", async (_name, token) => {
    const name = `sessions/${mine.id}/out`;
    const [head, body, signature] = token.split(".");
    const claims = Buffer.from(body ?? "", "base64url")
      .toString()
      .replace("NAME", name);
    const own = body && claims.includes(name) ? resign(head!, claims, signature!) : token;
    for (const [method, tail] of [
      ["POST", ""],
      ["GET", "/tail"],
    ] as const) {
      const url = `${test.url}/s2/v1/streams/${encodeURIComponent(name)}/records${tail}`;
      const answer = await fetch(url, {
        method,
        headers: { authorization: `Bearer ${own}`, "content-type": "application/json" },
        ...(method === "GET" ? {} : { body: '{"records":[{"body":"forged"}]}' }),
      });
      expect([401, 403]).toContain(answer.status);
      expect(await answer.text()).toContain("code");
    }
    expect((await call("/realtime/v1/sessions/mine/out/records")).text).not.toContain("forged");
  });

  function resign(head: string, claims: string, signature: string): string {
    if (claims.includes("run_gone"))
      return auth.signStreamToken(`sessions/${mine.id}/out`, { runId: "run_gone", attempt: 1 });
    return `${head}.${Buffer.from(claims).toString("base64url")}.${signature}`;
  }
});

describe("the door", () => {
  const raw = (text: string) =>
    new Promise<string>((resolve, reject) => {
      let answer = "";
      const socket = net.connect(test.engine.port, "127.0.0.1", () => socket.write(text));
      socket.setEncoding("utf8");
      socket.on("data", (chunk: string) => (answer += chunk));
      socket.on("close", () => resolve(answer));
      socket.on("error", reject);
    });
  const get = (host: string | undefined, target = "/healthz") =>
    raw(
      `GET ${target} HTTP/1.1\r\n${host === undefined ? "" : `Host: ${host}\r\n`}Connection: close\r\n\r\n`,
    );
  const statusOf = (answer: string) => Number(answer.split(" ")[1]);

  it.each([
    ["127.0.0.1:1", 200],
    ["localhost", 200],
    ["LOCALHOST:80", 200],
    ["[::1]:3000", 200],
    ["evil.example", 403],
    ["127.0.0.1.evil.example", 403],
    ["localhost.evil.example:80", 403],
    ["localhost@evil.example", 403],
    ["", 403],
    [undefined, 400],
  ])("answers host %j with %i", async (host, status) => {
    expect(statusOf(await get(host))).toBe(status);
  });

  it.each([
    "//",
    "///",
    "/\\",
    "http://evil.example/healthz",
    "*",
    "/%",
    "/%00",
    "/api/v1/sessions/%00",
    `/${"x".repeat(9_000)}`,
    "/run/x/1",
    "/run//1/healthz",
  ])("survives the request target %j", async (target) => {
    const answer = await get("localhost", target);
    expect(statusOf(answer)).toBeGreaterThanOrEqual(400);
    expect(statusOf(answer)).toBeLessThan(500);
    expect(statusOf(await get("localhost"))).toBe(200);
  });

  it("listens on the loopback only, unless told otherwise", () => {
    expect(test.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });
});

describe("the log", () => {
  it("holds no key, no token and no signature, wherever they were put", async () => {
    const token = await auth.mintToken(["read:sessions:mine"], "1h");
    const stream = auth.signStreamToken("x", undefined);
    const blob = auth.signBlob("GET", "snapshots/x");
    const signature = blob.split("signature=")[1]!;
    await request("GET", `/api/v1/sessions/nobody?token=${token}&key=${TEST_SECRET_KEY}`, token);
    await request("GET", `/api/v1/sessions/${token}`, TEST_SECRET_KEY);
    await request("GET", `/nowhere/${TEST_SECRET_KEY}/${stream}`, stream);
    await request("GET", `/blobs/x?${blob}`);
    await request("POST", "/api/v1/sessions", `${token}x`);
    const log = test.logs.join("\n");
    expect(log).toContain("request refused");
    for (const secret of [TEST_SECRET_KEY, token, stream, signature]) expect(log).not.toContain(secret);
    expect(log).not.toMatch(/eyJ[\w-]{8,}/);
  });
});
