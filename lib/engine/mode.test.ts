import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startTestEngine, type TestEngine } from "@/e2e/support/engine";
import { answered, engineClient, eventually, secretKeyHeader } from "@/e2e/support/engine-client";
import { behaviorOf } from "./mode";

let test: TestEngine;
const client = engineClient(() => test);
const { attemptsOf, call, createChat, nextAttempt, outOf, park, run, say, stop, untilStatus, write } = client;

beforeAll(async () => {
  test = await startTestEngine({ mode: "platform", maxWorkers: 100, stopGraceMs: 1, silenceMs: 1 });
});
afterAll(() => test.close());

const session = async (name: string) => (await call(`/api/v1/sessions/${name}`)).body;

/** Waits until the end of the run is handled: its row is written last. */
async function end(chat: { runId: string }, how: () => void, status: string) {
  how();
  await untilStatus(chat.runId, status);
  await vi.waitFor(
    () =>
      expect(test.logs.some((line) => line.startsWith("run ended") && line.includes(chat.runId))).toBe(true),
    eventually,
  );
}

describe("a run that ends over an unanswered message", () => {
  it.each([
    ["complete", "COMPLETED"],
    ["crash", "CRASHED"],
  ] as const)("is followed by the next message only (%s)", async (how, status) => {
    const chat = await createChat(`message-${how}`);
    await say(chat, "first");
    await end(chat, () => attemptsOf(chat)[0]![how](), status);
    expect((await session(chat.name))["currentRunId"]).toBe(chat.runId);
    expect(await outOf(chat)).toEqual([]);
    expect(attemptsOf(chat)).toHaveLength(1);

    await say(chat, "second");
    const next = await nextAttempt(chat, 2);
    expect(next.payload).toMatchObject({ continuation: true, previousRunId: chat.runId });
    const { body } = await call(`/realtime/v1/sessions/${chat.name}/in/records`);
    expect(body["records"]).toHaveLength(2);
  });

  it("is followed when the session is created again, which leaves a live run as it is", async () => {
    const chat = await createChat("again");
    await say(chat);
    expect((await createChat("again")).runId).toBe(chat.runId);
    await end(chat, () => attemptsOf(chat)[0]!.crash(), "CRASHED");
    const { runId } = await createChat("again");
    expect(runId).not.toBe(chat.runId);
    expect((await createChat("again")).runId).toBe(runId);
    await nextAttempt(chat, 2);
    expect(attemptsOf(chat)).toHaveLength(2);
  });

  it("ends no turn for its readers, not even a canceled one", async () => {
    const chat = await createChat("canceled");
    await say(chat);
    await end(chat, () => void call(`/api/v2/runs/${chat.runId}/cancel`, {}), "CANCELED");
    expect(await outOf(chat)).toEqual([]);
  });

  it("takes as many tries as are asked for: no message is quarantined", async () => {
    const chat = await createChat("poison");
    await say(chat);
    for (let crashes = 1; crashes <= 6; crashes++) {
      const { runId } = await createChat("poison");
      const attempt = await nextAttempt(chat, crashes);
      await end({ runId }, () => attempt.crash(), "CRASHED");
    }
    expect(await outOf(chat)).toEqual([]);
    const { body } = await call(`/realtime/v1/sessions/poison/in/records`);
    expect(body["records"]).toHaveLength(1);
  });

  it("has one attempt, also after it has run out of memory", async () => {
    const chat = await createChat("memory", { maxAttempts: 3 });
    await end(chat, () => attemptsOf(chat)[0]!.crash("TASK_PROCESS_OOM_KILLED"), "CRASHED");
    expect(attemptsOf(chat)).toHaveLength(1);
  });
});

it("leaves a run alone that is silent and hears no stop", async () => {
  const chat = await createChat("deaf");
  await say(chat);
  await stop(chat);
  // During these turns of another chat the watchdog of the other mode would have checked many times.
  const other = await createChat("other");
  for (let turn = 0; turn < 20; turn++) await write(other, [answered(await say(other))]);
  expect(attemptsOf(chat)[0]!.killed).toBe(false);
  expect(await run(chat.runId)).toMatchObject({ status: "EXECUTING" });
});

it("does not know in a session what its run does, only which one it is", async () => {
  const chat = await createChat("row");
  const row = await session("row");
  expect(row).not.toHaveProperty("currentRun");
  expect(row["currentRunId"]).toBe(chat.runId);
});

it("answers a repeated append without its number", async () => {
  const chat = await createChat("repeated");
  const append = async () => {
    const response = await fetch(`${test.url}/realtime/v1/sessions/${chat.name}/in/append`, {
      method: "POST",
      headers: { ...secretKeyHeader, "x-part-id": "part" },
      body: JSON.stringify({ kind: "stop" }),
    });
    return { status: response.status, body: (await response.json()) as unknown };
  };
  expect(await append()).toEqual({ status: 200, body: { ok: true, seq: 0 } });
  expect(await append()).toEqual({ status: 200, body: { ok: true } });
});

it("refuses a closed session with 400 to an append and with 409 to its creation", async () => {
  const chat = await createChat("closed");
  await call(`/api/v1/sessions/${chat.name}/close`, { reason: "done" });
  const appended = await call(`/realtime/v1/sessions/${chat.name}/in/append`, { kind: "stop" });
  expect(appended).toMatchObject({
    status: 400,
    body: { ok: false, error: "Cannot append to a closed session" },
  });
  const created = await call("/api/v1/sessions", {
    type: "chat.agent",
    externalId: chat.name,
    taskIdentifier: "chat",
    triggerConfig: { basePayload: {} },
  });
  expect(created.status).toBe(409);
});

it("gives up a run that no worker took within its time to live, and nobody is told", async () => {
  const full = await startTestEngine({ mode: "platform", maxWorkers: 1 });
  try {
    const other = engineClient(() => full);
    const busy = await other.createChat("busy");
    await other.say(busy);
    const waiting = await other.createChat("waiting", { ttl: 1 });
    const patient = await other.createChat("patient");
    await other.say(waiting);
    await other.untilStatus(waiting.runId, "EXPIRED");
    expect(await other.run(patient.runId)).toMatchObject({ status: "QUEUED" });
    expect(await other.outOf(waiting)).toEqual([]);
    const replaced = await other.createChat("waiting", { ttl: "1h" });
    expect(replaced.runId).not.toBe(waiting.runId);
    other.attemptsOf(busy)[0]!.complete();
    await other.nextAttempt(patient, 1);
    const bad = await other.call("/api/v1/sessions", {
      type: "chat.agent",
      externalId: "bad",
      taskIdentifier: "chat",
      triggerConfig: { basePayload: {}, ttl: "soon" },
    });
    expect(bad).toMatchObject({ status: 400, body: { error: expect.stringContaining("triggerConfig.ttl") } });
  } finally {
    await full.close();
  }
});

it("keeps the same rules over a restart", async () => {
  const own = await startTestEngine({ mode: "platform" });
  try {
    const other = engineClient(() => own);
    const chat = await other.createChat("restarted");
    await other.say(chat);
    await own.restart();
    await other.untilStatus(chat.runId, "CRASHED");
    expect((await other.call(`/api/v1/sessions/${chat.name}`)).body["currentRunId"]).toBe(chat.runId);
    await other.createChat("restarted");
    const next = await other.nextAttempt(chat, 2);
    expect(next.payload).toMatchObject({ previousRunId: chat.runId });
  } finally {
    await own.close();
  }
});

it("wakes a parked run with the next message, as the other mode does", async () => {
  const chat = await createChat("parked");
  await park(chat, attemptsOf(chat)[0]!);
  await untilStatus(chat.runId, "WAITING");
  await say(chat);
  await vi.waitFor(() => expect(attemptsOf(chat)[0]!.waitpoints).toHaveLength(1), eventually);
  expect(attemptsOf(chat)).toHaveLength(1);
});

it(
  "shows an idle reader a sign of life after 5 to 15 seconds, never the same",
  { timeout: 60_000 },
  async () => {
    const { heartbeatMs } = behaviorOf("platform");
    const pauses = Array.from({ length: 500 }, () => heartbeatMs());
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(5_000);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(15_000);
    expect(new Set(pauses.map((pause) => Math.floor(pause / 1_000))).size).toBeGreaterThan(5);

    const chat = await createChat("idle");
    const response = await fetch(`${test.url}/realtime/v1/sessions/${chat.name}/out`, {
      headers: secretKeyHeader,
    });
    let text = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text.includes("event: ping")) break;
    }
    expect(text).toContain("event: ping");
  },
);
