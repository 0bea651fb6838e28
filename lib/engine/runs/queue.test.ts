import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startTestEngine, type TestEngine } from "@/e2e/support/engine";
import { answered, type Chat, engineClient, eventually } from "@/e2e/support/engine-client";

let test: TestEngine;
const { attemptsOf, call, createChat, nextAttempt, park, run, say, trigger, untilStatus, write } =
  engineClient(() => test);

beforeAll(async () => {
  test = await startTestEngine({ maxWorkers: 2 });
});
afterAll(() => test.close());

const attemptsOfRun = (runId: string) => test.fake.attempts.filter((attempt) => attempt.runId === runId);
const session = async (name: string) => (await call(`/api/v1/sessions/${name}`)).body;

async function finish(...runIds: string[]) {
  for (const runId of runIds) {
    await vi.waitFor(() => expect(attemptsOfRun(runId)).not.toEqual([]), eventually);
    attemptsOfRun(runId).at(-1)!.complete();
    await untilStatus(runId, "COMPLETED");
  }
}

describe("more runs than places", () => {
  it("are queued, visibly, and start in the order in which they came", async () => {
    const names = ["q1", "q2", "q3", "q4"];
    const chats = [];
    for (const name of names) chats.push(await createChat(name));
    expect((await session("q1"))["currentRun"]).toMatchObject({ status: "EXECUTING", reason: "first" });
    expect((await session("q3"))["currentRun"]).toMatchObject({ status: "QUEUED", queuePosition: 1 });
    expect((await session("q4"))["currentRun"]).toMatchObject({ status: "QUEUED", queuePosition: 2 });
    expect(await run(chats[3]!.runId)).toMatchObject({ status: "QUEUED", isQueued: true });
    await finish(chats[0]!.runId);
    await nextAttempt(chats[2]!, 1);
    expect(attemptsOf(chats[3]!)).toEqual([]);
    expect((await session("q4"))["currentRun"]).toMatchObject({ status: "QUEUED", queuePosition: 1 });
    await finish(...chats.slice(1).map(({ runId }) => runId));
    expect((await session("q4"))["currentRun"]).toBeNull();
  });

  it("do not let a task that was triggered many times keep a chat waiting", async () => {
    const many = [];
    for (let index = 0; index < 6; index++) many.push(await trigger());
    const chat = await createChat("fair");
    expect(attemptsOf(chat)).toEqual([]);
    await finish(many[0]!);
    await nextAttempt(chat, 1);
    expect(many.filter((runId) => attemptsOfRun(runId).length > 0)).toHaveLength(2);
    await finish(...many.slice(1), chat.runId);
  });

  it("are shared out among people, however many chats one of them has", async () => {
    const mine = [];
    for (let index = 0; index < 6; index++)
      mine.push(await createChat(`ada-${index}`, { concurrencyKey: "ada" }));
    const other = await createChat("bob-1", { concurrencyKey: "bob" });
    expect(attemptsOf(other)).toEqual([]);
    await finish(mine[0]!.runId);
    await nextAttempt(other, 1);
    expect(mine.filter((chat) => attemptsOf(chat).length > 0)).toHaveLength(2);
    await finish(...mine.slice(1).map(({ runId }) => runId), other.runId);
  });

  it("make a parked chat leave, but no run that waits for something else", async () => {
    const parked = await createChat("parked");
    const busy = await createChat("busy");
    await park(parked, attemptsOf(parked)[0]!);
    const third = await createChat("third");
    const [attempt] = attemptsOf(parked);
    await vi.waitFor(() => expect(attempt!.waitpoints).toHaveLength(1), eventually);
    expect(attempt!.waitpoints[0]).toMatchObject({ outputIsError: true });
    expect(attemptsOf(third)).toEqual([]);
    await finish(parked.runId);
    await nextAttempt(third, 1);
    // The parked chat has lost its process, but continues its conversation.
    await finish(busy.runId, third.runId);
    const seq = await say(parked, "still there?");
    expect((await nextAttempt(parked, 2)).payload).toMatchObject({ continuation: true });
    await write(parked, [answered(seq)]);
    await finish(attemptsOf(parked)[1]!.runId);
  });

  it("do not keep a child waiting for the place of its parent", async () => {
    const [a, b] = [await trigger(), await trigger()];
    const child = await trigger({ parentRunId: a, resumeParentOnCompletion: true });
    expect(attemptsOfRun(child)).toEqual([]);
    attemptsOfRun(a)[0]!.park(true);
    await vi.waitFor(() => expect(attemptsOfRun(child)).toHaveLength(1), eventually);
    attemptsOfRun(child)[0]!.complete('"done"');
    await vi.waitFor(() => expect(attemptsOfRun(a)[0]!.waitpoints).toHaveLength(1), eventually);
    await finish(a, b);
  });

  it("may be canceled before they start", async () => {
    const [a, b, c] = [await trigger(), await trigger(), await trigger()];
    await call(`/api/v2/runs/${c}/cancel`, {});
    expect(await run(c)).toMatchObject({ status: "CANCELED", attemptCount: 0 });
    await finish(a, b);
    expect(attemptsOfRun(c)).toEqual([]);
  });
});

describe("one person's chats", () => {
  let bounded: TestEngine;
  const client = engineClient(() => bounded);
  const hasStarted = (chat: Chat) => client.attemptsOf(chat).length > 0;

  beforeAll(async () => {
    bounded = await startTestEngine({ maxWorkers: 10, maxWorkersPerKey: 2 });
  });
  afterAll(() => bounded.close());

  it("have only so many places at a time, and leave the others to everybody else", async () => {
    const mine = [];
    for (let index = 0; index < 5; index++)
      mine.push(await client.createChat(`eve-${index}`, { concurrencyKey: "eve" }));
    expect(mine.map(hasStarted)).toEqual([true, true, false, false, false]);
    const other = await client.createChat("bob-2", { concurrencyKey: "bob" });
    expect(hasStarted(other)).toBe(true);
    for (const [index, chat] of mine.entries()) {
      (await client.nextAttempt(chat, 1)).complete();
      await client.untilStatus(chat.runId, "COMPLETED");
      const next = mine[index + 2];
      if (next) await client.nextAttempt(next, 1);
      expect(mine.filter(hasStarted).length).toBeLessThanOrEqual(index + 3);
    }
  });

  it("leave the loaded worker to somebody new, from the third on", async () => {
    const many = await startTestEngine({ maxWorkers: 10 });
    const { createChat: create, attemptsOf: of } = engineClient(() => many);
    const mine = [];
    for (const name of ["v1", "v2", "v3"]) mine.push(await create(name, { concurrencyKey: "val" }));
    const other = await create("w1", { concurrencyKey: "wim" });
    expect([...mine, other].map((chat) => of(chat)[0]!.leavesSpare)).toEqual([false, false, true, false]);
    await many.close();
  });

  it("make room for each other, and no one else's chat leaves for them", async () => {
    const [first, second] = [
      await client.createChat("p1", { concurrencyKey: "pat" }),
      await client.createChat("p2", { concurrencyKey: "pat" }),
    ];
    const other = await client.createChat("o1", { concurrencyKey: "oli" });
    for (const chat of [other, first]) await client.park(chat, client.attemptsOf(chat)[0]!);
    const third = await client.createChat("p3", { concurrencyKey: "pat" });
    const [parked] = client.attemptsOf(first);
    await vi.waitFor(() => expect(parked!.waitpoints).toHaveLength(1), eventually);
    expect(client.attemptsOf(other)[0]!.waitpoints).toEqual([]);
    expect(hasStarted(third)).toBe(false);
    parked!.complete();
    await client.nextAttempt(third, 1);
    expect(hasStarted(second)).toBe(true);
  });
});

describe("a triggered run", () => {
  it("waits for its delay", async () => {
    const later = await trigger({ delay: "1s" });
    expect((await run(later))["status"]).toBe("DELAYED");
    expect(attemptsOfRun(later)).toEqual([]);
    await finish(later);
    const much = await trigger({ delay: "52w" });
    expect((await run(much))["status"]).toBe("DELAYED");
    expect((await call("/api/v1/tasks/chat/trigger", { options: { delay: "soon" } })).status).toBe(400);
  });

  it("expires when it could not start within its time to live", async () => {
    const [a, b] = [await trigger(), await trigger()];
    const late = await trigger({ ttl: 1 });
    await untilStatus(late, "EXPIRED");
    expect(await run(late)).toMatchObject({ isCompleted: true, isFailed: true, attemptCount: 0 });
    const patient = await trigger({ ttl: "1h" });
    await finish(a, b, patient);
    expect(attemptsOfRun(late)).toEqual([]);
  });

  it("that had not started survives a restart of the engine", async () => {
    const [a, b, queued] = [await trigger(), await trigger(), await trigger()];
    await test.restart();
    expect((await run(a))["status"]).toBe("CRASHED");
    expect((await run(b))["status"]).toBe("CRASHED");
    await finish(queued);
  });
});
