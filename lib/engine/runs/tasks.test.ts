import { auth, configure, runs, streams, tasks } from "@trigger.dev/sdk";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startTestEngine, TEST_SECRET_KEY, type TestEngine } from "@/e2e/support/engine";
import { engineClient, eventually } from "@/e2e/support/engine-client";

/** Plain tasks of the SDK, without an agent. */
const TASKS = `
import { metadata, prompts, streams, task } from "@trigger.dev/sdk";

const words = streams.define({ id: "words" });
const orders = streams.input({ id: "orders" });
export const greeting = prompts.define({
  id: "greeting", model: "some-model", config: { temperature: 0 },
  content: "Hello {{ name }}!{{#mood}} Feeling {{mood}}?{{/mood}}",
});

export const pipes = task({ id: "pipes", run: async ({ count }) => {
  const { waitUntilComplete } = words.pipe((async function* () {
    for (let index = 0; index < count; index++) yield { index };
  })());
  await waitUntilComplete();
  await words.append({ index: count });
  return count;
} });
export const listens = task({ id: "listens", run: async () => {
  metadata.set("listening", true);
  await metadata.flush();
  const first = await orders.once();
  const second = await orders.wait({ timeout: "1m" });
  const third = await orders.wait({ timeout: "1s" });
  return { first: first.output, second: second.output, third: third.ok };
} });
export const renders = task({ id: "renders", run: async ({ version }) => {
  const { text, model, config, labels } = await greeting.resolve({ name: "Ada", mood: "fine" }, { version });
  return { text, model, config, labels };
} });
export const marks = task({ id: "marks", run: async () => {
  metadata.set("steps", { done: 0 });
  metadata.set("$.steps.total", 3);
  metadata.increment("done", 2);
  metadata.append("log", "a").append("log", "b").remove("log", "a");
  await metadata.flush();
} });
`;

let test: TestEngine;
const { call } = engineClient(() => test);

beforeAll(async () => {
  test = await startTestEngine({ tasks: TASKS });
  configure({ baseURL: test.url, accessToken: TEST_SECRET_KEY });
}, 60_000);
afterAll(() => test.close());

async function result(id: string) {
  return vi.waitFor(
    async () => {
      const run = await runs.retrieve(id);
      expect(run.isCompleted).toBe(true);
      return run;
    },
    { ...eventually, timeout: 30_000 },
  );
}

async function start(task: string, payload: unknown = {}) {
  return (await tasks.trigger(task, payload as never)).id;
}

describe("streams of a run", () => {
  it("are read while they are written, and whole after the run has ended", async () => {
    const id = await start("pipes", { count: 40 });
    const readWords = async () => {
      const seen: unknown[] = [];
      for await (const part of await streams.read(id, "words", { timeoutInSeconds: 2 })) seen.push(part);
      return seen;
    };
    const live = readWords();
    expect((await result(id)).output).toBe(40);
    const all = Array.from({ length: 41 }, (_, index) => ({ index }));
    expect(await readWords()).toEqual(all);
    expect(await live).toEqual(all);
  });

  it(
    "bring a run input: while it listens, while it sleeps, and not at all",
    { timeout: 60_000 },
    async () => {
      const id = await start("listens");
      await vi.waitFor(
        async () => expect((await runs.retrieve(id)).metadata?.["listening"]).toBe(true),
        eventually,
      );
      const orders = streams.input<unknown>({ id: "orders" });
      await orders.send(id, { dish: "soup" });
      await vi.waitFor(async () => expect((await runs.retrieve(id)).isWaiting).toBe(true), eventually);
      await orders.send(id, ["tea", 2]);
      expect((await result(id)).output).toEqual({
        first: { dish: "soup" },
        second: ["tea", 2],
        third: false,
      });
      await expect(orders.send(id, "too late")).rejects.toThrow("has ended");
    },
  );

  it("belong to the run: other tokens cannot write or read them", async () => {
    const id = await start("pipes", { count: 1 });
    const token = await auth.createPublicToken({ scopes: { read: { runs: "run_other" } } });
    const read = await fetch(`${test.url}/realtime/v1/streams/${id}/words`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(read.status).toBe(403);
    const own = await auth.createPublicToken({ scopes: { read: { runs: id } } });
    const write = await fetch(`${test.url}/realtime/v1/streams/${id}/self/words`, {
      method: "PUT",
      headers: { authorization: `Bearer ${own}` },
    });
    expect(write.status).toBe(403);
    expect((await call(`/realtime/v1/streams/${id}/elsewhere/words`, {}, "PUT")).status).toBe(404);
    await result(id);
  });
});

describe("prompts", () => {
  it("are what the code says", async () => {
    expect((await result(await start("renders"))).output).toEqual({
      text: "Hello Ada! Feeling fine?",
      model: "some-model",
      config: { temperature: 0 },
      labels: ["local"],
    });
  });

  it("that are not in the code are a 404 with a sentence", async () => {
    const unknown = await call("/api/v1/prompts/nope", { variables: {} });
    expect([unknown.status, unknown.body["error"]]).toEqual([404, 'No task file defines the prompt "nope"']);
    const version = await call("/api/v1/prompts/greeting", { variables: {}, version: 7 });
    expect([version.status, version.body["error"]]).toEqual([404, expect.stringContaining("no version 7")]);
    expect((await call("/api/v1/prompts/greeting", { variables: {} })).body["data"].text).toBe("Hello !");
  });
});

describe("metadata", () => {
  it("is what the run made of it, nested paths included", async () => {
    const id = await start("marks");
    expect((await result(id)).metadata).toEqual({ steps: { done: 0, total: 3 }, done: 2, log: ["b"] });
  });

  it("cannot reach a prototype", async () => {
    const id = await start("pipes", { count: 0 });
    const set = (key: string) =>
      call(`/api/v1/runs/${id}/metadata`, { operations: [{ type: "set", key, value: "bad" }] }, "PUT");
    for (const key of ["__proto__", "$.__proto__.polluted", "$.constructor.prototype.polluted"])
      await set(key);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect((await call(`/api/v3/runs/${id}`)).body["metadata"]).toEqual({});
    await result(id);
  });
});

describe("a one-time token", () => {
  it("opens its run once, however often one call is tried", async () => {
    const id = await start("pipes", { count: 0 });
    const asked = { scopes: [`read:runs:${id}`], oneTimeUse: true };
    const { token } = (await call("/api/v1/auth/public-tokens", asked)).body;
    const readOnce = async (key?: string) => {
      const headers = {
        authorization: `Bearer ${token}`,
        ...(key ? { "x-trigger-request-idempotency-key": key } : {}),
      };
      return fetch(`${test.url}/api/v3/runs/${id}`, { headers });
    };
    const tries = await Promise.all([1, 2, 3].map(async () => (await readOnce("call-1")).status));
    expect(tries).toEqual([200, 200, 200]);
    const again = await readOnce("call-2");
    expect([again.status, await again.json()]).toEqual([
      401,
      expect.objectContaining({ code: "token_used" }),
    ]);
    await test.engine.sweep();
    expect((await readOnce()).status).toBe(401);
    await result(id);
  });
});
