import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { startTestEngine, TEST_SECRET_KEY, type TestEngine } from "@/e2e/support/engine";
import { createAuth } from "../http/auth";
import type { InspectedEvent, InspectedSession } from "@/lib/inspected";

let test: TestEngine;

beforeAll(async () => {
  test = await startTestEngine();
});
afterAll(() => test.close());

function call(path: string, init: RequestInit = {}, key = TEST_SECRET_KEY) {
  return fetch(test.url + path, { ...init, headers: { authorization: `Bearer ${key}` } });
}

async function createSession(chatId: string): Promise<{ id: string; runId: string }> {
  const body = JSON.stringify({
    type: "chat.agent",
    externalId: chatId,
    taskIdentifier: "chat",
    triggerConfig: { basePayload: {} },
  });
  return (await (await call("/api/v1/sessions", { method: "POST", body })).json()) as {
    id: string;
    runId: string;
  };
}

async function sendQuestion(chatId: string, text: string) {
  const payload = { chatId, trigger: "submit-message", message: { id: text, role: "user", parts: [] } };
  const body = JSON.stringify({ kind: "message", payload });
  return call(`/realtime/v1/sessions/${chatId}/in/append`, { method: "POST", body });
}

/** Reads the lines of a watch and merges them until `enough` returns true. */
async function watchUntil(path: string, enough: (seen: Required<InspectedEvent>) => boolean) {
  const stop = new AbortController();
  const response = await call(path, { signal: stop.signal });
  const seen: InspectedEvent = { in: [], out: [], runs: [] };
  let rest = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const event = JSON.parse(line) as InspectedEvent;
      seen.in!.push(...(event.in ?? []));
      seen.out!.push(...(event.out ?? []));
      if (event.session) seen.session = event.session;
      if (event.runs) seen.runs = event.runs;
    }
    if (enough(seen as Required<InspectedEvent>)) break;
  }
  stop.abort();
  return seen as Required<InspectedEvent>;
}

it("lists sessions with what they are doing, the owner's alone when asked", async () => {
  await createSession("list-1");
  await createSession("list-2");
  const list = async (query = "") =>
    ((await (await call(`/inspect/sessions${query}`)).json()) as { sessions: InspectedSession[] }).sessions;
  expect((await list()).map(({ externalId }) => externalId)).toEqual(
    expect.arrayContaining(["list-1", "list-2"]),
  );
  expect(await list("?externalIds=list-2,unknown")).toEqual([
    expect.objectContaining({ externalId: "list-2", task: "chat", state: "awake", runs: 1 }),
  ]);
  await sendQuestion("list-2", "hello");
  expect(await list("?externalIds=list-2")).toEqual([
    expect.objectContaining({ state: "answering", records: { in: 1, out: 0 } }),
  ]);
});

it("shows runs and records as they come, and goes on from a cursor", async () => {
  const { runId } = await createSession("watched");
  await sendQuestion("watched", "first");
  const seen = await watchUntil("/inspect/sessions/watched/watch", (so) => so.in.length === 1);
  expect(seen.session).toMatchObject({ externalId: "watched", unanswered: 1 });
  expect(seen.runs).toEqual([
    expect.objectContaining({ id: runId, reason: "first", status: "EXECUTING", attempt: 1 }),
  ]);
  await sendQuestion("watched", "second");
  const later = await watchUntil("/inspect/sessions/watched/watch?in=0", (so) => so.in.length === 1);
  expect(later.in).toEqual([expect.objectContaining({ seq: 1, hidden: false })]);
});

it("kills the worker as the kernel would, and the next run says why it is there", async () => {
  const { runId } = await createSession("crashed");
  await sendQuestion("crashed", "hello");
  const answer = await call("/inspect/sessions/crashed/crash", { method: "POST" });
  expect(await answer.json()).toMatchObject({ runId, attempt: 1 });
  const seen = await watchUntil("/inspect/sessions/crashed/watch", (so) => so.runs.length === 2);
  expect(seen.runs[1]).toMatchObject({ id: runId, status: "CRASHED", reason: "first" });
  expect(seen.runs[0]!.reason).not.toBe("first");
});

it("says that there is nothing to crash", async () => {
  await createSession("resting");
  const run = test.fake.attempts.at(-1)!;
  run.complete();
  await vi.waitFor(async () => {
    const answer = await call("/inspect/sessions/resting/crash", { method: "POST" });
    expect(answer.status).toBe(409);
  });
});

it("is for the secret key alone, and shows no bearer token", async () => {
  await createSession("secret");
  const token = await createAuth(TEST_SECRET_KEY).mintToken(["admin"], "1h");
  for (const [path, method] of [
    ["/inspect/sessions", "GET"],
    ["/inspect/sessions/secret/watch", "GET"],
    ["/inspect/sessions/secret/crash", "POST"],
  ] as const) {
    expect((await call(path, { method }, token)).status).toBe(403);
  }
  const body = JSON.stringify({
    records: [
      {
        body: "",
        headers: [
          ["trigger-control", "turn-complete"],
          ["public-access-token", token],
        ],
      },
    ],
  });
  const given = await call("/realtime/v1/sessions/secret/out", { method: "PUT" });
  const stream = encodeURIComponent(given.headers.get("x-s2-stream-name")!);
  await fetch(`${test.url}/s2/v1/streams/${stream}/records`, {
    method: "POST",
    body,
    headers: {
      authorization: `Bearer ${given.headers.get("x-s2-access-token")}`,
      "content-type": "application/json",
    },
  });
  const seen = await watchUntil("/inspect/sessions/secret/watch", (so) => so.out.length === 1);
  expect(JSON.stringify(seen)).not.toContain(token);
  expect(seen.out[0]!.headers).toEqual([["trigger-control", "turn-complete"]]);
});
