import { describe, expect, it, onTestFinished, vi } from "vitest";
import { startTestEngine } from "@/e2e/support/engine";
import { type Chat, engineClient, eventually } from "@/e2e/support/engine-client";
import { type BootOptions, createBoots } from "./boots";
import type { Mode } from "../mode";

/** Starts an engine whose workers begin their task only when the test lets them. */
async function start(boots: BootOptions, mode: Mode = "embedded") {
  const test = await startTestEngine({ boots: { backoffMs: 1, ...boots }, mode, maxWorkers: 100 });
  onTestFinished(() => test.close());
  test.fake.slow = true;
  const client = engineClient(() => test);
  const currentRun = async (chat: Chat) =>
    (await client.call(`/api/v1/sessions/${chat.name}`)).body["currentRun"] as { status: string } | null;
  return { ...client, test, currentRun, loads: () => test.fake.attempts.map(({ runId }) => runId) };
}

describe("a worker that does not get to its task", () => {
  it.each(["embedded", "platform"] as const)(
    "says nothing about the message, however often it happens (%s)",
    async (mode) => {
      const { createChat, say, attemptsOf, nextAttempt, outOf, run, currentRun, untilStatus } = await start(
        {},
        mode,
      );
      const chat = await createChat("busy");
      await say(chat);
      for (let number = 1; number <= 8; number++) {
        const attempt = await nextAttempt(chat, number);
        if (mode === "embedded") expect(await currentRun(chat)).toMatchObject({ status: "QUEUED" });
        expect(await run(chat.runId)).toMatchObject({ status: "QUEUED", isQueued: true });
        attempt.neverStart();
      }
      const attempt = await nextAttempt(chat, 9);
      attempt.begin();
      await untilStatus(chat.runId, "EXECUTING");
      expect(attempt).toMatchObject({ runId: chat.runId, number: 1 });
      expect(await outOf(chat)).toEqual([]);
      if (mode === "platform") return;
      // The first crash is the first that counts.
      attempt.crash();
      (await nextAttempt(chat, 10)).begin();
      expect(await outOf(chat)).toEqual([]);
      attemptsOf(chat)[9]!.crash();
      await vi.waitFor(
        async () => expect((await outOf(chat))[0]!.data.errorText).toContain("crashed"),
        eventually,
      );
    },
  );

  it("is replaced until the agent has shown five times that it ends by itself", async () => {
    const { createChat, say, attemptsOf, nextAttempt, outOf, run } = await start({});
    const chat = await createChat("broken");
    await say(chat);
    (await nextAttempt(chat, 1)).neverStart();
    for (let number = 2; number <= 6; number++)
      (await nextAttempt(chat, number)).crash("TASK_PROCESS_NEVER_STARTED");
    await vi.waitFor(
      async () => expect((await outOf(chat))[0]!.data.errorText).toContain("couldn't be started"),
      eventually,
    );
    expect(await run(chat.runId)).toMatchObject({ status: "CRASHED" });
    expect(attemptsOf(chat)).toHaveLength(6);
  });

  it("can be canceled before it gets there", async () => {
    const { createChat, nextAttempt, call, untilStatus, currentRun } = await start({});
    const chat = await createChat("canceled");
    const attempt = await nextAttempt(chat, 1);
    await call(`/api/v2/runs/${chat.runId}/cancel`, {});
    expect(attempt.canceled).toBe(true);
    await untilStatus(chat.runId, "CANCELED");
    expect(await currentRun(chat)).toBeNull();
  });
});

describe("workers that load at the same time", () => {
  it("are no more than the machine has room for, fewer when they are too slow, and more again", async () => {
    const { createChat, loads, test, nextAttempt } = await start({ atOnce: 2, backoffMs: 60_000 });
    const chats: Chat[] = [];
    for (const name of ["a", "b", "c", "d", "e", "f"]) chats.push(await createChat(name));
    const [a, b, c, d, e, f] = chats as [Chat, Chat, Chat, Chat, Chat, Chat];
    expect(loads()).toEqual([a.runId, b.runId]);

    (await nextAttempt(a, 1)).begin();
    await nextAttempt(c, 1);
    expect(loads()).toHaveLength(3);

    // Two boots that time out leave one place, and another run gets it.
    (await nextAttempt(b, 1)).neverStart();
    (await nextAttempt(c, 1)).neverStart();
    await nextAttempt(d, 1);
    expect(loads()).toEqual([a, b, c, d].map(({ runId }) => runId));

    (await nextAttempt(d, 1)).begin();
    await nextAttempt(e, 1);
    await nextAttempt(f, 1);
    expect(loads()).toHaveLength(6);
    expect(test.logs.filter((line) => line.startsWith("worker did not start"))).toHaveLength(2);
  });

  it("get more time and longer pauses with every try, within bounds", () => {
    const boots = createBoots({ atOnce: 4 });
    expect([0, 1, 2, 10].map((failures) => boots.timeoutMs(failures))).toEqual([
      30_000, 60_000, 120_000, 600_000,
    ]);
    expect([1, 2, 3, 20].map((failures) => boots.pauseMs(failures))).toEqual([500, 1_000, 2_000, 30_000]);
    for (let failures = 0; failures < 9; failures++) boots.failed();
    expect([boots.hasPlace(0), boots.hasPlace(1)]).toEqual([true, false]);
    for (let successes = 0; successes < 9; successes++) boots.succeeded();
    expect([boots.hasPlace(3), boots.hasPlace(4)]).toEqual([true, false]);
  });
});
