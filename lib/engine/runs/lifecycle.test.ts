import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type FakeAttempt, startTestEngine, TEST_SECRET_KEY, type TestEngine } from "@/e2e/support/engine";
import { engineClient } from "@/e2e/support/engine-client";
import { createAuth } from "../http/auth";
import type { Header } from "../streams/records";

let test: TestEngine;
const key = { authorization: `Bearer ${TEST_SECRET_KEY}` };
const auth = createAuth(TEST_SECRET_KEY);

beforeAll(async () => {
  test = await startTestEngine({ maxWorkers: 500, stopGraceMs: 300 });
});
afterAll(() => test.close());

const { listen } = engineClient(() => test);

async function call(path: string, body?: unknown, base = test.url) {
  const response = await fetch(`${base}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: key,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, any> };
}

type Chat = { id: string; runId: string; name: string };

async function createChat(name: string, triggerConfig: Record<string, unknown> = {}): Promise<Chat> {
  const { body } = await call("/api/v1/sessions", {
    type: "chat.agent",
    externalId: name,
    taskIdentifier: "chat",
    triggerConfig: {
      basePayload: { chatId: name, trigger: "preload", message: "m", messages: [] },
      ...triggerConfig,
    },
  });
  return { id: body["id"], runId: body["runId"], name };
}

async function say(chat: Chat, text = "hi", trigger = "submit-message"): Promise<number> {
  const { body } = await call(`/realtime/v1/sessions/${chat.name}/in/append`, {
    kind: "message",
    payload: { trigger, message: { id: text, role: "user", parts: [{ type: "text", text }] } },
  });
  return body["seq"] as number;
}

async function write(chat: Chat, records: { body: string; headers?: Header[] }[]) {
  const name = `sessions/${chat.id}/out`;
  await fetch(`${test.url}/s2/v1/streams/${encodeURIComponent(name)}/records`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${auth.signStreamToken(name, undefined)}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ records }),
  });
}

const answered = (seq: number, consumed = seq) => ({
  body: "",
  headers: [
    ["trigger-control", "turn-complete"],
    ["session-in-event-id", String(seq)],
    ["session-in-consumed-id", String(consumed)],
  ] as Header[],
});

const attemptsOf = (chat: Chat) =>
  test.fake.attempts.filter((attempt) => attempt.payload["sessionId"] === chat.id);

async function nextAttempt(chat: Chat, number: number): Promise<FakeAttempt> {
  await vi.waitFor(() => expect(attemptsOf(chat).length).toBeGreaterThanOrEqual(number), {
    timeout: 5_000,
    interval: 10,
  });
  return attemptsOf(chat)[number - 1]!;
}

async function outOf(chat: Chat) {
  const { body } = await call(`/realtime/v1/sessions/${chat.name}/out/records`);
  return body["records"] as { data: any; headers?: Header[]; seqNum: number }[];
}

async function inputOf(chat: Chat) {
  const { body } = await call(`/realtime/v1/sessions/${chat.name}/in/records`);
  return (body["records"] as { seqNum: number }[]).map(({ seqNum }) => seqNum);
}

async function statusOf(runId: string) {
  return (await call(`/api/v3/runs/${runId}`)).body["status"] as string;
}

const settled = async (runId: string) => {
  await vi.waitFor(
    async () => expect(["QUEUED", "EXECUTING", "WAITING"]).not.toContain(await statusOf(runId)),
    5_000,
  );
  // The successor starts just before the end of the run is shown, so the test waits for it.
  await new Promise((resolve) => setTimeout(resolve, 150));
};

describe("continuation", () => {
  it("starts with the next message, without the first one in its payload", async () => {
    const chat = await createChat("idle", { idleTimeoutInSeconds: 7, tags: ["t"] });
    expect(attemptsOf(chat)[0]!.payload).toMatchObject({ trigger: "preload", idleTimeoutInSeconds: 7 });
    attemptsOf(chat)[0]!.complete();
    await settled(chat.runId);
    expect(attemptsOf(chat)).toHaveLength(1);
    await say(chat);
    const second = await nextAttempt(chat, 2);
    expect(second.payload).toEqual({
      chatId: "idle",
      idleTimeoutInSeconds: 7,
      sessionId: chat.id,
      continuation: true,
      previousRunId: chat.runId,
    });
  });

  it.each(["complete", "crash"] as const)(
    "follows a run that ends (%s) with a message unanswered",
    async (how) => {
      const chat = await createChat(`unanswered-${how}`);
      await say(chat);
      attemptsOf(chat)[0]![how]();
      const second = await nextAttempt(chat, 2);
      expect(second.payload["previousRunId"]).toBe(chat.runId);
    },
  );

  it("does not follow when everything is answered, stopped or closing", async () => {
    const chat = await createChat("answered");
    await write(chat, [answered(await say(chat))]);
    await call(`/realtime/v1/sessions/answered/in/append`, { kind: "stop" });
    await say(chat, "", "close");
    attemptsOf(chat)[0]!.crash();
    await settled(chat.runId);
    expect(attemptsOf(chat)).toHaveLength(1);
  });

  it("knows a message that is held back from one that was handled out of order", async () => {
    const held = await createChat("held");
    await say(held);
    await say(held);
    await write(held, [answered(-1, 1)]);
    attemptsOf(held)[0]!.complete();
    await nextAttempt(held, 2);

    const steered = await createChat("steered");
    await say(steered);
    await say(steered);
    await write(steered, [answered(0, 1)]);
    await write(steered, [answered(1, 1)]);
    attemptsOf(steered)[0]!.complete();
    await settled(steered.runId);
    expect(attemptsOf(steered)).toHaveLength(1);
  });

  it("hides an earlier close record from the run that comes after it", async () => {
    const chat = await createChat("closing");
    await write(chat, [answered(await say(chat))]);
    await say(chat, "", "close");
    attemptsOf(chat)[0]!.complete();
    await settled(chat.runId);
    await say(chat, "again");
    await nextAttempt(chat, 2);
    expect(await inputOf(chat)).toEqual([0, 2]);
  });

  it("never has two live runs, however messages and ends meet", async () => {
    const chat = await createChat("race");
    for (let round = 0; round < 10; round++) {
      const before = attemptsOf(chat).length;
      const seqs = await Promise.all([
        say(chat),
        say(chat),
        Promise.resolve(attemptsOf(chat).at(-1)!.complete()),
        say(chat),
      ]);
      await nextAttempt(chat, before + 1);
      await write(chat, [answered(Math.max(...seqs.filter((seq) => seq !== undefined)))]);
      await new Promise((resolve) => setTimeout(resolve, 30));
      const open = attemptsOf(chat).length;
      expect(open).toBe(before + 1);
    }
  });
});

describe("input that cannot be answered", () => {
  it("is quarantined after two crashes, and the reader is told", async () => {
    const chat = await createChat("poison");
    await say(chat, "poison");
    await say(chat, "fine");
    attemptsOf(chat)[0]!.crash();
    (await nextAttempt(chat, 2)).crash();
    await nextAttempt(chat, 3);
    const [chunk, control] = await outOf(chat);
    expect(chunk!.data).toEqual({ type: "error", errorText: expect.stringContaining("crashed") });
    expect(control!.headers).toEqual(answered(0).headers);
    expect(await inputOf(chat)).toEqual([1]);
    await write(chat, [answered(1)]);
    attemptsOf(chat)[2]!.complete();
    await settled(attemptsOf(chat)[2]!.runId);
    expect(attemptsOf(chat)).toHaveLength(3);
  });

  it("is given up when runs end again and again without answering", async () => {
    const chat = await createChat("ignored");
    await say(chat);
    for (let number = 1; number <= 3; number++) (await nextAttempt(chat, number)).complete();
    await vi.waitFor(
      async () => expect((await outOf(chat))[0]!.data.errorText).toContain("without answering"),
      5_000,
    );
    expect(attemptsOf(chat)).toHaveLength(3);
  });

  it("is given up when runs only hand it over to each other", async () => {
    const chat = await createChat("upgrading");
    await say(chat);
    for (let number = 1; number <= 3; number++) {
      const attempt = await nextAttempt(chat, number);
      const { body } = await call(`/api/v1/sessions/upgrading/end-and-continue`, {
        callingRunId: attempt.runId,
        reason: "upgrade",
      });
      expect(body["swapped"]).toBe(number < 3);
      attempt.complete();
    }
    await vi.waitFor(
      async () =>
        expect((await outOf(chat))[0]!.data.errorText).toContain("kept restarting on a new version"),
      5_000,
    );
    expect(attemptsOf(chat)).toHaveLength(3);
  });

  it("is ended with an abort when its run is canceled", async () => {
    const chat = await createChat("canceled");
    await say(chat);
    await call(`/api/v2/runs/${chat.runId}/cancel`, {});
    expect(await statusOf(chat.runId)).toBe("CANCELED");
    expect((await outOf(chat)).map(({ data, headers }) => headers?.[0]?.[1] ?? data)).toEqual([
      { type: "abort" },
      "turn-complete",
    ]);
    expect(await inputOf(chat)).toEqual([]);
    expect(attemptsOf(chat)).toHaveLength(1);
  });

  it("is ended when a stop is not honored, and the next message has a new run", async () => {
    const chat = await createChat("deaf");
    await say(chat);
    await listen(chat, attemptsOf(chat)[0]!);
    await call(`/realtime/v1/sessions/deaf/in/append`, { kind: "stop" });
    await vi.waitFor(() => expect(attemptsOf(chat)[0]!.killed).toBe(true), 5_000);
    const reason = /^Stopped\. The agent didn't react, so it was restarted\.$/;
    await vi.waitFor(async () => expect((await outOf(chat))[0]!.data.errorText).toMatch(reason), 5_000);
    await say(chat);
    await nextAttempt(chat, 2);
  });

  it("is left alone by a stop for as long as it boots: it cannot hear yet", async () => {
    const chat = await createChat("booting");
    await say(chat);
    await call(`/realtime/v1/sessions/booting/in/append`, { kind: "stop" });
    const deaf = await createChat("deaf-beside");
    await say(deaf);
    await listen(deaf, attemptsOf(deaf)[0]!);
    await call(`/realtime/v1/sessions/deaf-beside/in/append`, { kind: "stop" });
    // The run that could read the stop is ended; the run that is still booting is left alone.
    await vi.waitFor(() => expect(attemptsOf(deaf)[0]!.killed).toBe(true), 5_000);
    expect(attemptsOf(chat)[0]!.killed).toBe(false);
    await listen(chat, attemptsOf(chat)[0]!);
    await vi.waitFor(() => expect(attemptsOf(chat)[0]!.killed).toBe(true), 5_000);
  });

  it("leaves a run alone that has honoured its stop", async () => {
    const chat = await createChat("obedient");
    await say(chat);
    await call(`/realtime/v1/sessions/obedient/in/append`, { kind: "stop" });
    await write(chat, [answered(0)]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(attemptsOf(chat)[0]!.killed).toBe(false);
  });
});

describe("attempts", () => {
  it("get a second try on a larger machine after running out of memory, and only one", async () => {
    const chat = await createChat("memory");
    await say(chat);
    attemptsOf(chat)[0]!.crash("TASK_PROCESS_OOM_KILLED");
    const second = await nextAttempt(chat, 2);
    expect(second).toMatchObject({ runId: chat.runId, number: 2 });
    expect(second.apiUrl).toMatch(/\/2$/);
    expect([attemptsOf(chat)[0]!.machine, second.machine]).toEqual(["small-1x", "small-2x"]);
    second.crash("TASK_PROCESS_OOM_KILLED");
    await vi.waitFor(async () =>
      expect((await outOf(chat)).map(({ data }) => JSON.stringify(data)).join()).toContain(
        "ran out of memory",
      ),
    );
    expect(attemptsOf(chat)).toHaveLength(2);
  });

  it("are repeated as the task's retry settings say", async () => {
    const { body } = await call("/api/v1/tasks/chat/trigger", { payload: "{}", options: {} });
    const mine = () => test.fake.attempts.filter(({ runId }) => runId === body["id"]);
    mine()[0]!.end({
      kind: "returned",
      result: {
        ok: false,
        id: body["id"],
        error: { type: "STRING_ERROR", message: "no" },
        retry: { timestamp: 0, delay: 20 },
      },
    });
    await vi.waitFor(() => expect(mine()).toHaveLength(2));
    mine()[1]!.complete('{"done":true}');
    await vi.waitFor(async () => {
      const run = await call(`/api/v3/runs/${body["id"]}`);
      expect(run.body).toMatchObject({
        status: "COMPLETED",
        output: { done: true },
        attemptCount: 2,
        isSuccess: true,
      });
    });
  });

  it("wait for a free place, and a parked run makes room", async () => {
    const small = await startTestEngine({ maxWorkers: 1 });
    const create = async (externalId: string) =>
      (
        await call(
          "/api/v1/sessions",
          { type: "t", externalId, taskIdentifier: "chat", triggerConfig: { basePayload: {} } },
          small.url,
        )
      ).body as { id: string; runId: string };
    const first = await create("first");
    const { body } = await call(
      `/api/v1/runs/${first.runId}/session-streams/wait`,
      { session: "first", io: "in", timeout: "1h" },
      small.url,
    );
    await call(`/engine/v1/runs/${first.runId}/waitpoints/tokens/${body["waitpointId"]}/wait`, {}, small.url);
    const second = await create("second");
    expect((await call(`/api/v3/runs/${second.runId}`, undefined, small.url)).body["status"]).toBe("QUEUED");
    expect(small.fake.attempts).toHaveLength(1);
    small.fake.attempts[0]!.park(true);
    await vi.waitFor(() =>
      expect(small.fake.attempts[0]!.waitpoints[0]).toMatchObject({ outputIsError: true }),
    );
    small.fake.attempts[0]!.complete();
    await vi.waitFor(() => expect(small.fake.attempts).toHaveLength(2));
    await small.close();
  });
});

describe("waiting", () => {
  const park = async (chat: Chat, lastSeqNum?: number) => {
    const { body } = await call(`/api/v1/runs/${chat.runId}/session-streams/wait`, {
      session: chat.name,
      io: "in",
      timeout: "1h",
      lastSeqNum,
    });
    await call(`/engine/v1/runs/${chat.runId}/waitpoints/tokens/${body["waitpointId"]}/wait`, {});
    return body["waitpointId"] as string;
  };

  it("ends with the next record, delivered once", async () => {
    const chat = await createChat("wake");
    const id = await park(chat);
    expect(attemptsOf(chat)[0]!.waitpoints).toEqual([]);
    await say(chat);
    await say(chat);
    await vi.waitFor(() => expect(attemptsOf(chat)[0]!.waitpoints).toHaveLength(1));
    expect(attemptsOf(chat)[0]!.waitpoints[0]).toMatchObject({
      friendlyId: id,
      type: "MANUAL",
      outputIsError: false,
    });
  });

  it("ends at once when the record came while the run decided to wait", async () => {
    const chat = await createChat("wake-race");
    await say(chat);
    await say(chat);
    await park(chat, 0);
    await vi.waitFor(() => expect(attemptsOf(chat)[0]!.waitpoints).toHaveLength(1));
    const caughtUp = await createChat("wake-none");
    await say(caughtUp);
    await park(caughtUp, 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(attemptsOf(caughtUp)[0]!.waitpoints).toEqual([]);
  });

  it("misses no record, whichever comes first", async () => {
    for (let round = 0; round < 20; round++) {
      const chat = await createChat(`wake-${round}`);
      await Promise.all([park(chat), say(chat)]);
      await vi.waitFor(() => expect(attemptsOf(chat)[0]!.waitpoints).toHaveLength(1));
    }
  });

  it("on a token ends when somebody completes it, also after a restart", async () => {
    const { body } = await call("/api/v1/waitpoints/tokens", {
      timeout: "1h",
      tags: ["t"],
      idempotencyKey: "once",
    });
    const again = await call("/api/v1/waitpoints/tokens", { idempotencyKey: "once" });
    expect(again.body).toMatchObject({ id: body["id"], isCached: true });
    await test.restart();
    expect((await call(`/api/v1/waitpoints/tokens/${body["id"]}`)).body).toMatchObject({
      status: "WAITING",
      tags: ["t"],
    });
    const chat = await createChat("token");
    await call(`/engine/v1/runs/${chat.runId}/waitpoints/tokens/${body["id"]}/wait`, {});
    await call(`/api/v1/waitpoints/tokens/${body["id"]}/complete`, { data: { ok: 1 } });
    await vi.waitFor(() => expect(attemptsOf(chat)[0]!.waitpoints[0]).toMatchObject({ output: '{"ok":1}' }));
    const short = await call("/api/v1/waitpoints/tokens", { timeout: "1s" });
    await vi.waitFor(
      async () =>
        expect((await call(`/api/v1/waitpoints/tokens/${short.body["id"]}`)).body["status"]).toBe(
          "TIMED_OUT",
        ),
      3_000,
    );
  });

  it("on a child run ends with its output", async () => {
    const parent = await createChat("parent");
    const { body } = await call("/api/v1/tasks/chat/trigger", {
      payload: "{}",
      options: { parentRunId: parent.runId, resumeParentOnCompletion: true, tags: "x" },
    });
    test.fake.attempts.find(({ runId }) => runId === body["id"])!.complete('"child"');
    await vi.waitFor(() =>
      expect(attemptsOf(parent)[0]!.waitpoints[0]).toMatchObject({
        type: "RUN",
        output: '"child"',
        completedByTaskRun: { friendlyId: body["id"] },
      }),
    );
  });
});

describe("a restart of the engine", () => {
  it("crashes what was live and continues what was unanswered, without blaming the message", async () => {
    const asked = await createChat("restart-asked");
    const quiet = await createChat("restart-quiet");
    await say(asked);
    for (let round = 1; round <= 3; round++) {
      const before = attemptsOf(asked).at(-1)!;
      await test.restart();
      expect(await statusOf(before.runId)).toBe("CRASHED");
      const next = await nextAttempt(asked, round + 1);
      expect(next.payload["previousRunId"]).toBe(before.runId);
    }
    expect(await outOf(asked)).toEqual([]);
    expect(attemptsOf(quiet)).toHaveLength(1);
    expect(await statusOf(quiet.runId)).toBe("CRASHED");
  });

  it("fences the worker that did not notice", async () => {
    const chat = await createChat("restart-fenced");
    const old = attemptsOf(chat)[0]!;
    const base = (
      await fetch(`${old.apiUrl}/realtime/v1/sessions/restart-fenced/out`, { method: "PUT", headers: key })
    ).headers;
    await say(chat);
    await test.restart();
    await nextAttempt(chat, 2);
    const name = base.get("x-s2-stream-name")!;
    const late = await fetch(`${test.url}/s2/v1/streams/${encodeURIComponent(name)}/records`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${base.get("x-s2-access-token")}`,
        "content-type": "application/json",
      },
      body: '{"records":[{"body":"late"}]}',
    });
    expect(late.status).toBe(403);
    const swap = await call(
      "/api/v1/sessions/restart-fenced/end-and-continue",
      { callingRunId: old.runId },
      old.apiUrl,
    );
    expect(swap.status).toBe(409);
    expect(await outOf(chat)).toEqual([]);
  });

  it("is refused to a second engine on the same database, in one sentence", async () => {
    await expect(startTestEngine({ databaseUrl: test.databaseUrl })).rejects.toThrow(
      /^Another engine is already using this database\./,
    );
  });
});

describe("runs", () => {
  it("are triggered once per call, even when the call is repeated", async () => {
    const trigger = (headers: Record<string, string>, options = {}) =>
      fetch(`${test.url}/api/v1/tasks/chat/trigger`, {
        method: "POST",
        headers: { ...key, ...headers },
        body: JSON.stringify({ payload: "{}", options }),
      }).then((answer) => answer.json() as Promise<{ id: string; isCached: boolean }>);
    const tries = await Promise.all(
      [1, 2, 3].map(() => trigger({ "x-trigger-request-idempotency-key": "abc" })),
    );
    expect(new Set(tries.map(({ id }) => id)).size).toBe(1);
    const keyed = await trigger({}, { idempotencyKey: "mine" });
    expect(await trigger({}, { idempotencyKey: "mine" })).toEqual({ id: keyed.id, isCached: true });
  });

  it("carry metadata and tags", async () => {
    const chat = await createChat("metadata");
    const put = (body: unknown) =>
      fetch(`${test.url}/api/v1/runs/${chat.runId}/metadata`, {
        method: "PUT",
        headers: key,
        body: JSON.stringify(body),
      });
    await put({
      operations: [
        { type: "set", key: "a", value: 1 },
        { type: "increment", key: "n", value: 2 },
      ],
    });
    await put({
      operations: [
        { type: "append", key: "list", value: "x" },
        { type: "delete", key: "a" },
      ],
    });
    await call(`/api/v1/runs/${chat.runId}/tags`, { tags: ["b", "a"] });
    const { body } = await call(`/api/v3/runs/${chat.runId}`);
    expect(body).toMatchObject({ metadata: { n: 2, list: ["x"] }, depth: 0, triggerFunction: "trigger" });
    expect(body["tags"].toSorted()).toEqual(["a", "b"]);
  });

  it("unknown ones are 404", async () => {
    expect((await call("/api/v3/runs/run_nope")).status).toBe(404);
    expect((await call("/api/v1/tasks/nope/trigger", { payload: "{}" })).status).toBe(422);
  });
});
