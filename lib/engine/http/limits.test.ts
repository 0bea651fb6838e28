import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startTestEngine, type TestEngine } from "@/e2e/support/engine";
import { answered, engineClient, eventually, type Chat } from "@/e2e/support/engine-client";

let test: TestEngine;
const client = engineClient(() => test);
const { attemptsOf, call, createChat, listen, nextAttempt, outOf, park, run, say, stop, untilStatus, write } =
  client;

const SILENCE_MS = 2_000;

beforeAll(async () => {
  test = await startTestEngine({ maxWorkers: 500, silenceMs: SILENCE_MS, stopGraceMs: 300 });
});
afterAll(() => test.close());

const endingOf = async (chat: Chat) =>
  (await outOf(chat)).map(({ data, headers }) => headers?.[0]?.[1] ?? data.errorText ?? data.type);

const until = (check: () => Promise<void>) => vi.waitFor(check, eventually);

describe("a run that has gone silent", () => {
  it("is replaced when a message waits for it, and only then", { timeout: 60_000 }, async () => {
    const [silent, parked, idle, busy] = await Promise.all(
      ["silent", "parked", "idle", "busy"].map((name) => createChat(name)),
    );
    await write(idle!, [answered(await say(idle!))]);
    await park(parked!, attemptsOf(parked!)[0]!);
    await say(busy!);
    let writes = 0;
    let writing = true;
    const chunks = (async () => {
      while (writing) await write(busy!, [{ body: `{"data":${writes++}}` }], attemptsOf(busy!)[0]!);
    })();
    await say(silent!, "anybody?");
    await until(async () => expect(attemptsOf(silent!)[0]!.killed).toBe(true));
    writing = false;
    await chunks;
    await until(async () =>
      expect(await endingOf(silent!)).toEqual([
        expect.stringContaining("stopped responding"),
        "turn-complete",
      ]),
    );
    expect(await run(silent!.runId)).toMatchObject({ status: "CRASHED", reason: "first" });
    for (const other of [parked, idle, busy]) expect(attemptsOf(other!)[0]!.killed).toBe(false);

    await say(silent!, "again");
    const next = await nextAttempt(silent!, 2);
    expect(await run(next.runId)).toMatchObject({ reason: "continuation" });
  });

  it("is stopped for the user who asked for it, with the messages behind it answered", async () => {
    const chat = await createChat("deaf");
    const first = await say(chat, "first");
    await say(chat, "second");
    await listen(chat, attemptsOf(chat)[0]!);
    await stop(chat);
    await until(async () => expect(attemptsOf(chat)[0]!.killed).toBe(true));
    await nextAttempt(chat, 2);
    const records = await outOf(chat);
    expect(records[0]!.data.errorText).toContain("Stopped");
    expect(records[1]!.headers).toEqual(answered(first).headers);
    expect(attemptsOf(chat)).toHaveLength(2);
  });
});

describe("the longest duration of a run", () => {
  it("ends it, tells the reader, and lets the next message through", { timeout: 60_000 }, async () => {
    const chat = await createChat("long", { maxDuration: 1 });
    const sleeper = await createChat("sleeper", { maxDuration: 1 });
    await park(sleeper, attemptsOf(sleeper)[0]!);
    await say(chat);
    // The turn is long, but the run is not silent.
    let response = await write(chat, [{ body: '{"data":{"type":"start"}}' }], attemptsOf(chat)[0]!);
    while (response.status === 200) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      response = await write(chat, [{ body: '{"data":{"type":"start"}}' }], attemptsOf(chat)[0]!);
    }
    await untilStatus(chat.runId, "TIMED_OUT");
    const ending = [expect.stringContaining("took too long"), "turn-complete"];
    await until(async () => expect((await endingOf(chat)).slice(-2)).toEqual(ending));
    await say(chat, "shorter");
    await nextAttempt(chat, 2);
    // Parked time does not count.
    expect((await run(sleeper.runId))["status"]).toBe("WAITING");
  });
});

describe("why a run was started", () => {
  const reasons = async (chat: Chat) =>
    Promise.all(
      [...new Set(attemptsOf(chat).map(({ runId }) => runId))].map(async (id) => (await run(id))["reason"]),
    );

  it("is written down: first, crash, restart, upgrade, continuation", async () => {
    const chat = await createChat("reasons");
    const seq = await say(chat);
    attemptsOf(chat)[0]!.crash();
    await nextAttempt(chat, 2);
    await test.restart();
    const third = await nextAttempt(chat, 3);
    const swapped = await call("/api/v1/sessions/reasons/end-and-continue", { callingRunId: third.runId });
    expect(swapped.body).toMatchObject({ swapped: true });
    third.complete();
    const fourth = await nextAttempt(chat, 4);
    await write(chat, [answered(seq)], fourth);
    fourth.complete();
    await untilStatus(fourth.runId, "COMPLETED");
    await say(chat, "more");
    await nextAttempt(chat, 5);
    expect(await reasons(chat)).toEqual(["first", "crash", "restart", "upgrade", "continuation"]);
  });

  it("is a retry for the second attempt of one run", async () => {
    const chat = await createChat("retried");
    await say(chat);
    attemptsOf(chat)[0]!.crash("TASK_PROCESS_OOM_KILLED");
    await nextAttempt(chat, 2);
    const starts = test.logs.filter(
      (line) => line.startsWith("attempt started") && line.includes(chat.runId),
    );
    expect(starts.map((line) => JSON.parse(line.slice(line.indexOf("{"))).reason)).toEqual([
      "first",
      "retry",
    ]);
    await until(async () =>
      expect(await run(chat.runId)).toMatchObject({ attemptCount: 2, reason: "first" }),
    );
  });
});

describe("a run that hands over", () => {
  it("is answered no when it is not the current one any more, and refused on a closed session", async () => {
    const chat = await createChat("swapping");
    const path = "/api/v1/sessions/swapping/end-and-continue";
    const { body } = await call(path, { callingRunId: chat.runId });
    expect(body["swapped"]).toBe(true);
    // The caller continues its turn while its successor waits for it to end.
    expect(attemptsOf(chat)).toHaveLength(1);
    expect((await write(chat, [{ body: '{"data":1}' }], attemptsOf(chat)[0]!)).status).toBe(200);
    expect((await call(path, { callingRunId: chat.runId })).body).toEqual({
      runId: body["runId"],
      swapped: false,
    });
    attemptsOf(chat)[0]!.complete();
    const next = await nextAttempt(chat, 2);
    expect(next.runId).toBe(body["runId"]);
    expect((await write(chat, [{ body: '{"data":2}' }], attemptsOf(chat)[0]!)).status).toBe(403);
    await call("/api/v1/sessions/swapping/close", {});
    expect((await call(path, { callingRunId: next.runId })).status).toBe(400);
    expect((await call("/api/v1/sessions/nobody/end-and-continue", { callingRunId: "run_x" })).status).toBe(
      404,
    );
  });
});

describe("canceling", () => {
  it("a run that sleeps leaves the chat as it is, and twice is once", async () => {
    const chat = await createChat("asleep");
    await write(chat, [answered(await say(chat))]);
    await park(chat, attemptsOf(chat)[0]!);
    await call(`/api/v2/runs/${chat.runId}/cancel`, {});
    await call(`/api/v2/runs/${chat.runId}/cancel`, {});
    expect(await run(chat.runId)).toMatchObject({ status: "CANCELED", isCancelled: true });
    expect(await endingOf(chat)).toEqual(["turn-complete"]);
    expect((await call("/api/v2/runs/run_nope/cancel", {})).status).toBe(404);
    await say(chat, "hello?");
    await nextAttempt(chat, 2);
  });
});
