/**
 * Whoever dies, a question is answered or shown as failed: on an engine that continues what died, and on one that
 * does as little about it as Trigger.dev. The real agent, the real SDK, real processes that are killed.
 */
import { sessions } from "@trigger.dev/sdk";
import { chat as chatSdk } from "@trigger.dev/sdk/ai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listChatPage } from "@/lib/chat/chats/list";
import { loadTranscript, type Transcript } from "@/lib/chat/tree/queries";
import { type AnswerProgress, revive as reviveChat, reviveAll } from "@/lib/chat/revive/revive";
import type { Db } from "@/lib/db/client";
import { describeCall } from "@/lib/agent/approval-policy";
import { type EnginePlace, startEnginePlace } from "../support/engine-place";
import { counted, lines, newChatId, openPage, readAnswer, type Site, type TestPage } from "../support/page";
import type { EngineProcess } from "../support/processes";

const userId = "owner";
const startSession = chatSdk.createStartSessionAction("chat");
const options = { startSession, describe: describeCall };

describe.each(["embedded", "platform"])("engine mode %s", { timeout: 120_000 }, (mode) => {
  let place: EnginePlace | undefined;
  let engine: EngineProcess;
  let db: Db;

  beforeAll(async () => {
    place = await startEnginePlace({ env: { ENGINE_MODE: mode } });
    ({ db, engine } = place);
  });

  afterAll(() => place?.close());

  const site = (): Site => ({ db, userId, engineUrl: engine.url });
  const revive = (chatId: string) => reviveChat(db, chatId, options);

  /** Asks, and kills the worker when the answer has begun. */
  async function askAndKill(chatId: string, text: string, page: TestPage = openPage(site(), chatId)) {
    const reader = (await page.ask(text)).getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) throw new Error("The answer was over too early.");
      if (value.type === "text-delta") break;
    }
    await kill(chatId);
    return reader;
  }

  async function kill(chatId: string) {
    const pid = await engine.workerOf(chatId);
    if (pid === undefined) throw new Error("The chat has no worker.");
    process.kill(pid, "SIGKILL");
  }

  /** Revives again and again, as pages and the sweep do, until nothing is awaited any more. */
  async function untilSettled(chatId: string, patienceMs = 60_000): Promise<Transcript> {
    for (const deadline = Date.now() + patienceMs; Date.now() < deadline;) {
      if ((await revive(chatId)) === "settled") return (await loadTranscript(db, chatId))!;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error(`Chat ${chatId} still awaits something.`);
  }

  it("answers what a killed worker began, also on the page that was open", async () => {
    const chatId = newChatId();
    const reader = await askAndKill(chatId, "count to 40 at 25 ms");
    const transcript = await untilSettled(chatId);
    expect(lines(transcript)).toEqual([
      ["user", "count to 40 at 25 ms"],
      ["assistant", counted(40)],
    ]);
    expect(transcript.status).toBe("idle");
    let text = "";
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (next.value.type === "start") text = "";
      if (next.value.type === "text-delta") text += next.value.delta;
    }
    expect(text.trim()).toBe(counted(40));
  });

  it("does nothing to a run that is alive, and does not count it", async () => {
    const chatId = newChatId();
    const reader = (await openPage(site(), chatId).ask("count to 60 at 25 ms")).getReader();
    await reader.read();
    const before = await sessions.retrieve(chatId);
    const seen = await Promise.all(Array.from({ length: 8 }, () => revive(chatId)));
    expect(new Set(seen)).toEqual(new Set<AnswerProgress>(["running"]));
    expect((await sessions.retrieve(chatId)).currentRunId).toBe(before.currentRunId);
    expect(await db.revival.count({ where: { chatId } })).toBe(0);
    while (!(await reader.read()).done);
    expect(lines(await untilSettled(chatId))).toHaveLength(2);
  });

  it("starts one run, however many servers and pages ask for it at once", async () => {
    const chatId = newChatId();
    await askAndKill(chatId, "count to 30 at 25 ms");
    await Promise.all(Array.from({ length: 10 }, () => revive(chatId)));
    const revival = await db.revival.findUnique({ where: { chatId } });
    expect(revival?.starts ?? 0).toBeLessThanOrEqual(1);
    expect(lines(await untilSettled(chatId))).toEqual([
      ["user", "count to 30 at 25 ms"],
      ["assistant", counted(30)],
    ]);
  });

  it("ends a turn of which run after run dies: failed, with its question, in the list, and the chat goes on", async () => {
    const chatId = newChatId();
    const page = openPage(site(), chatId);
    const answer = readAnswer(await page.ask("crash the worker every time"));
    const transcript = await untilSettled(chatId, 90_000);
    expect(transcript.status).toBe("failed");
    expect(lines(transcript)[0]).toEqual(["user", "crash the worker every time"]);
    expect((await listChatPage(db, userId)).chats.find(({ id }) => id === chatId)).toMatchObject({
      status: "failed",
      title: "crash the worker every time",
    });
    expect((await answer).errors).toHaveLength(1);
    expect((await readAnswer(await openPage(site(), chatId).ask("count to 5"))).text).toContain(counted(5));
  });

  it("the sweep alone does all of it, and ends a chat whose question is gone with the engine's data", async () => {
    const chatId = newChatId();
    await askAndKill(chatId, "count to 20 at 25 ms");
    const lost = newChatId();
    await db.chat.create({ data: { id: lost, userId, status: "running" } });
    await expect
      .poll(
        async () => {
          // What is looked at in ten seconds is looked at now.
          await db.$executeRaw`UPDATE "Chat" SET "lookAt" = now() WHERE "lookAt" IS NOT NULL`;
          expect(await reviveAll(db, options)).toEqual([]);
          return db.chat.findMany({
            where: { id: { in: [chatId, lost] } },
            select: { id: true, status: true, lookAt: true },
          });
        },
        { timeout: 60_000, interval: 500 },
      )
      .toEqual(
        expect.arrayContaining([
          { id: chatId, status: "idle", lookAt: null },
          { id: lost, status: "failed", lookAt: null },
        ]),
      );
    expect(lines((await loadTranscript(db, chatId))!).at(-1)).toEqual(["assistant", counted(20)]);
  });

  it("saves an answer that is whole on the stream and in no transcript", async () => {
    const chatId = newChatId();
    await readAnswer(await openPage(site(), chatId).ask("count to 12"));
    const saved = await untilSettled(chatId);
    const whole = saved.messages.at(-1)!;
    // As if the worker had died between its last word and its save.
    await db.$transaction(async (tx) => {
      const question = saved.messages[0]!.id;
      await tx.chat.update({
        where: { id: chatId },
        data: { headId: question, status: "running", lastOutEventId: null, lastInEventId: null },
      });
      await tx.message.deleteMany({ where: { chatId, messageId: whole.id } });
    });
    const again = await untilSettled(chatId);
    expect(again.messages.at(-1)).toEqual(whole);
    expect(again).toEqual(saved);
  });
});
