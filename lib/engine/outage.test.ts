/** During a storage outage a message stays pending, and the failures do not count against it. */
import pg from "pg";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type FakeAttempt, startTestEngine, TEST_SECRET_KEY, type TestEngine } from "@/e2e/support/engine";
import type { Header } from "./streams/records";

let test: TestEngine;
/** Name suffixes of the streams whose appends fail with a full disk. */
let fullFor: string | undefined;

beforeAll(async () => {
  test = await startTestEngine({
    failpoints: (point, stream) => {
      if (point !== "append-enospc" || !fullFor || !stream.endsWith(fullFor)) return undefined;
      throw Object.assign(new Error("No space left on device"), { code: "53100" });
    },
  });
});
afterAll(() => test.close());

async function call(path: string, body?: unknown, base = test.url, method = body ? "POST" : "GET") {
  return fetch(`${base}${path}`, {
    method,
    headers: { authorization: `Bearer ${TEST_SECRET_KEY}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function askedChat(name: string): Promise<() => FakeAttempt[]> {
  const answer = await call("/api/v1/sessions", {
    type: "chat.agent",
    externalId: name,
    taskIdentifier: "chat",
    triggerConfig: { basePayload: { chatId: name } },
  });
  const { id } = (await answer.json()) as { id: string };
  await call(`/realtime/v1/sessions/${name}/in/append`, { kind: "message", payload: { chatId: name } });
  return () => test.fake.attempts.filter((attempt) => attempt.payload["sessionId"] === id);
}

async function outOf(name: string) {
  const answer = await call(`/realtime/v1/sessions/${name}/out/records`);
  return ((await answer.json()) as { records: { data: unknown; headers?: Header[] }[] }).records;
}

/** Appends as a run does, with as many attempts as its client makes. */
async function write(attempt: FakeAttempt, name: string, body: string): Promise<number> {
  const opened = await call(`/realtime/v1/sessions/${name}/out`, undefined, attempt.apiUrl, "PUT");
  const token = opened.headers.get("x-s2-access-token");
  const stream = encodeURIComponent(opened.headers.get("x-s2-stream-name")!);
  let status = 0;
  for (let tries = 0; tries < 3; tries++) {
    const answer = await fetch(`${test.url}/s2/v1/streams/${stream}/records`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ records: [{ body }] }),
    });
    status = answer.status;
    if (answer.ok) break;
  }
  return status;
}

const eventually = (check: () => void | Promise<void>) =>
  vi.waitFor(check, { timeout: 10_000, interval: 20 });

it("shows a message as failed, also when the disk was full at that moment", async () => {
  const attempts = await askedChat("poison");
  attempts()[0]!.crash();
  await eventually(() => expect(attempts()).toHaveLength(2));
  fullFor = "/out";
  attempts()[1]!.crash();
  await eventually(() => expect(test.logs.join()).toContain("No space left"));
  fullFor = undefined;
  await eventually(async () => {
    const records = await outOf("poison");
    expect(records.map((record) => record.data)).toEqual([
      { type: "error", errorText: expect.stringContaining("crashed") },
      "",
    ]);
  });
  await eventually(async () => {
    const input = await call("/realtime/v1/sessions/poison/in/records");
    expect(await input.json()).toEqual({ records: [] });
  });
});

it("gives an interrupted answer a new run when there is room again, however often that happens", async () => {
  const attempts = await askedChat("interrupted");
  for (let outage = 1; outage <= 4; outage++) {
    await eventually(() => expect(attempts()).toHaveLength(outage));
    const attempt = attempts().at(-1)!;
    expect(await write(attempt, "interrupted", `{"data":${outage},"id":"r${outage}"}`)).toBe(200);
    fullFor = "/out";
    expect(await write(attempt, "interrupted", `{"data":0,"id":"lost"}`)).toBe(503);
    await eventually(() => expect(attempt.killed).toBe(true));
    // No worker starts while the answer can't be stored.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(attempts()).toHaveLength(outage);
    fullFor = undefined;
  }
  await eventually(() => expect(attempts()).toHaveLength(5));
  expect((await outOf("interrupted")).map((record) => record.data)).toEqual([1, 2, 3, 4]);
});

it("counts a crash once, however often what follows from it has to be tried", async () => {
  const attempts = await askedChat("counted");
  const admin = new pg.Client({ connectionString: test.databaseUrl });
  await admin.connect();
  await admin.query(
    `create function no_space() returns trigger language plpgsql as $$ begin
       raise exception 'No space left on device' using errcode = '53100'; end $$;
     create trigger no_space before insert on engine.runs for each statement execute function no_space()`,
  );
  attempts()[0]!.crash();
  const failures = () => test.logs.filter((line) => line.startsWith("database write failed")).length;
  const before = failures();
  await eventually(() => expect(failures()).toBeGreaterThan(before + 2));
  await admin.query("drop trigger no_space on engine.runs");
  await admin.end();
  await eventually(() => expect(attempts()).toHaveLength(2));
  expect(await outOf("counted")).toEqual([]);
});
