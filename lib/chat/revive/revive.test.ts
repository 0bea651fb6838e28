/** When a dead run is replaced, how it is counted, and what is kept: against a real engine whose workers a test plays. */
import { configure, sessions } from "@trigger.dev/sdk";
import { chat as chatSdk } from "@trigger.dev/sdk/ai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { message, put, save, testDatabase } from "@/e2e/support/chat-fixtures";
import { startTestEngine, TEST_SECRET_KEY, type FakeAttempt, type TestEngine } from "@/e2e/support/engine";
import { listChatPage } from "../chats/list";
import { loadTranscript } from "../tree/queries";
import { isQueued } from "./current-run";
import { revive as reviveChat } from "./revive";
import { prismaStorage } from "../tree/storage";

const shared = testDatabase();
const startSession = chatSdk.createStartSessionAction("chat");
const revive = (chatId: string) => reviveChat(shared.db, chatId, { startSession });
const transcript = async (chatId: string) => (await loadTranscript(shared.db, chatId))!;

let made = 0;
async function newChat() {
  const id = `revived-chat-${(made += 1)}`;
  await shared.db.chat.create({ data: { id, userId: "ada" } });
  return id;
}

async function ask(chatId: string, id: string) {
  await startSession({ chatId });
  const payload = { chatId, trigger: "submit-message", message: message(id) };
  await sessions.open(chatId).in.send({ kind: "message", payload });
}

/** The question is saved, as the agent does when its turn begins. */
async function begin(chatId: string, id: string, { runId }: Pick<FakeAttempt, "runId">) {
  const run = { id: runId, createdAt: new Date() };
  await save(prismaStorage(shared.db), chatId, [put(id)], { reason: "turn-start", run });
}

/** Lets time pass: whatever was to wait need not any more. */
async function later(chatId: string) {
  await shared.db.revival.updateMany({ where: { chatId }, data: { notBefore: new Date(0) } });
}

async function settled(chatId: string) {
  await expect.poll(async () => (await later(chatId), revive(chatId)), { timeout: 10_000 }).toBe("settled");
}

function engineOf(mode: "embedded" | "platform") {
  const started = {} as { engine: TestEngine; attempts: FakeAttempt[] };
  beforeAll(async () => {
    started.engine = await startTestEngine({ mode });
    started.attempts = started.engine.fake.attempts;
    configure({ baseURL: started.engine.url, accessToken: TEST_SECRET_KEY });
  });
  afterAll(() => started.engine.close());
  return started;
}

describe("an engine that gives a question up itself", () => {
  const started = engineOf("embedded");

  it("a first question that no run had saved stays, as a failed turn, in the list", async () => {
    const chatId = await newChat();
    await ask(chatId, "u1");
    for (let crash = 0; crash < 2; crash += 1) {
      await expect.poll(() => started.attempts.length).toBeGreaterThan(crash);
      started.attempts.at(-1)!.crash();
    }
    await settled(chatId);
    const { messages, status, cursors } = await transcript(chatId);
    expect(messages).toEqual([message("u1")]);
    expect(status).toBe("failed");
    expect(cursors.lastInEventId).toBe("0");
    const { chats } = await listChatPage(shared.db, "ada");
    expect(chats).toContainEqual(expect.objectContaining({ id: chatId, status: "failed", title: "u1" }));
  });

  it("what a browser may not say is not kept either", async () => {
    const chatId = await newChat();
    await startSession({ chatId });
    const attempts = started.attempts.length;
    for (const forged of [
      { ...message("x1"), role: "system" },
      { ...message("x2"), role: "assistant" },
    ]) {
      const payload = { chatId, trigger: "submit-message", message: forged };
      await sessions.open(chatId).in.send({ kind: "message", payload });
    }
    await expect.poll(() => started.attempts.length).toBeGreaterThanOrEqual(attempts);
    const { out } = sessions.open(chatId);
    await out.append({ type: "error", errorText: "Only messages of role `user` can be sent." });
    await out.writeControl("turn-complete", [["session-in-event-id", "1"]]);
    started.attempts.at(-1)!.complete();
    await settled(chatId);
    expect((await transcript(chatId)).messages).toEqual([]);
  });
});

describe("an engine that continues nothing", () => {
  const started = engineOf("platform");
  const newest = () => started.attempts.at(-1)!;

  async function nextAttempt(count: number) {
    await expect.poll(() => started.attempts.length).toBe(count);
    return newest();
  }

  it("a question outlives any number of runs that a restart ended, and still only two that died", async () => {
    const chatId = await newChat();
    await ask(chatId, "u1");
    for (let restarts = 1; restarts <= 5; restarts += 1) {
      await begin(chatId, "u1", newest());
      const before = started.attempts.length;
      await started.engine.restart();
      await later(chatId);
      expect(await revive(chatId)).toBe("revived");
      await nextAttempt(before + 1);
      expect(await shared.db.revival.findUnique({ where: { chatId } })).toMatchObject({
        deaths: 0,
        starts: 0,
      });
    }
    for (let deaths = 1; deaths <= 3; deaths += 1) {
      await begin(chatId, "u1", newest());
      newest().crash();
      await expect.poll(async () => (await later(chatId), revive(chatId))).not.toBe("running");
    }
    await settled(chatId);
    expect((await transcript(chatId)).status).toBe("failed");
  });

  it("a run that ran out of memory, also on a larger machine, ends its question in words", async () => {
    const chatId = await newChat();
    await ask(chatId, "u1");
    await begin(chatId, "u1", newest());
    newest().crash("TASK_PROCESS_OOM_KILLED");
    await settled(chatId);
    const { status, failure, messages } = await transcript(chatId);
    expect({ status, failure }).toEqual({
      status: "failed",
      failure: expect.stringMatching(/ran out of memory .* also on a larger machine/),
    });
    expect(messages).toEqual([message("u1")]);
  });

  it("the third run that dies of a question ends it, with its question and its Retry", async () => {
    const chatId = await newChat();
    const before = started.attempts.length;
    await ask(chatId, "u1");
    for (let life = 1; life <= 3; life += 1) {
      const attempt = await nextAttempt(before + life);
      await begin(chatId, "u1", attempt);
      expect(await revive(chatId)).toMatch(/queued|running/);
      attempt.crash();
      await expect.poll(() => (later(chatId), revive(chatId))).toBe(life < 3 ? "revived" : "settled");
    }
    expect(started.attempts.length).toBe(before + 3);
    expect(await transcript(chatId)).toMatchObject({ status: "failed", messages: [message("u1")] });
    // To whoever reads the stream the turn is over, too, and no later run meets the question again.
    const records = await (
      await fetch(`${started.engine.url}/realtime/v1/sessions/${chatId}/out/records`, {
        headers: { authorization: `Bearer ${TEST_SECRET_KEY}` },
      })
    ).json();
    expect(records.records.at(0).data).toMatchObject({ type: "error" });
    expect(records.records.at(-1).headers).toContainEqual(["session-in-event-id", "0"]);
    expect((await transcript(chatId)).cursors.lastInEventId).toBe("0");
  });

  it("a run that never came to the question is replaced, later and later, and is no death of it", async () => {
    const chatId = await newChat();
    const before = started.attempts.length;
    await ask(chatId, "u1");
    const waits: number[] = [];
    for (let life = 1; life <= 6; life += 1) {
      (await nextAttempt(before + life)).crash();
      await expect.poll(() => revive(chatId)).toBe("revived");
      const row = await shared.db.revival.findUniqueOrThrow({ where: { chatId } });
      expect(row).toMatchObject({ deaths: 0, starts: life });
      waits.push(row.notBefore.getTime() - Date.now());
      await later(chatId);
    }
    expect(waits.at(-1)).toBeGreaterThan(waits[1]! * 4);
    expect((await transcript(chatId)).status).toBe("idle");
    // But not for ever.
    for (let life = 7; life <= 10; life += 1) {
      (await nextAttempt(before + life)).crash();
      await expect.poll(() => (later(chatId), revive(chatId))).toBe("revived");
    }
    (await nextAttempt(before + 11)).crash();
    await settled(chatId);
    expect(await transcript(chatId)).toMatchObject({ status: "failed", messages: [message("u1")] });
  });

  it("a run that is alive stays, and counts for nothing, however often somebody looks", async () => {
    const chatId = await newChat();
    const before = started.attempts.length;
    await ask(chatId, "u1");
    await begin(chatId, "u1", await nextAttempt(before + 1));
    for (let look = 0; look < 5; look += 1) expect(await revive(chatId)).toMatch(/queued|running/);
    expect(started.attempts.length).toBe(before + 1);
    expect(await shared.db.revival.count({ where: { chatId } })).toBe(0);
    expect(await isQueued(chatId)).toBe(false);
  });

  it("many at once replace a dead run once", async () => {
    const chatId = await newChat();
    const before = started.attempts.length;
    await ask(chatId, "u1");
    const attempt = await nextAttempt(before + 1);
    await begin(chatId, "u1", attempt);
    attempt.crash();
    await expect.poll(() => revive(chatId)).toBe("revived");
    await Promise.all(Array.from({ length: 20 }, () => revive(chatId)));
    expect(started.attempts.length).toBe(before + 2);
    expect(await shared.db.revival.findUnique({ where: { chatId } })).toMatchObject({ deaths: 1, starts: 1 });
  });

  it("the next question begins its own count, and one that is given up leaves the next one in line", async () => {
    const chatId = await newChat();
    let count = started.attempts.length;
    await ask(chatId, "u1");
    await nextAttempt((count += 1));
    await ask(chatId, "u2");
    for (let life = 1; life <= 3; life += 1) {
      await begin(chatId, "u1", newest());
      newest().crash();
      await expect.poll(() => (later(chatId), revive(chatId))).toBe(life < 3 ? "revived" : "settled");
      if (life < 3) await nextAttempt((count += 1));
    }
    expect(await transcript(chatId)).toMatchObject({ status: "failed", messages: [message("u1")] });
    expect((await shared.db.chat.findUniqueOrThrow({ where: { id: chatId } })).lookAt).not.toBeNull();
    await later(chatId);
    expect(await revive(chatId)).toBe("revived");
    expect(await shared.db.revival.findUnique({ where: { chatId } })).toMatchObject({ deaths: 0, starts: 1 });
  });

  it("an answer that goes on after a decision is put together with what was saved of it", async () => {
    const chatId = await newChat();
    await ask(chatId, "u1");
    const storage = prismaStorage(shared.db);
    const asking = {
      id: "a1",
      role: "assistant" as const,
      parts: [
        { type: "text" as const, text: "May I?", state: "done" as const },
        {
          type: "tool-refund" as const,
          toolCallId: "c1",
          state: "approval-requested" as const,
          input: { amount: 1 },
          approval: { id: "p1" },
        },
      ],
    };
    await save(storage, chatId, [put("u1"), { op: "put", message: asking }], {
      cursors: { lastInEventId: "0" },
    });
    await shared.db.chat.update({ where: { id: chatId }, data: { status: "running" } });
    const { out } = sessions.open(chatId);
    for (const chunk of [
      { type: "start", messageId: "a1" },
      { type: "tool-approval-response", approvalId: "p1", approved: true },
      { type: "tool-output-available", toolCallId: "c1", output: { ok: true } },
      { type: "text-start", id: "t" },
      { type: "text-delta", id: "t", delta: "Done." },
      { type: "text-end", id: "t" },
      { type: "finish" },
    ])
      await out.append(chunk);
    await out.writeControl("turn-complete", [["session-in-event-id", "0"]]);
    await settled(chatId);
    const { messages, status } = await transcript(chatId);
    expect(status).toBe("idle");
    expect(messages.at(-1)!.parts).toMatchObject([
      { type: "text", text: "May I?" },
      { type: "tool-refund", state: "output-available", output: { ok: true } },
      { type: "text", text: "Done." },
    ]);
  });

  async function act(chatId: string, action: object) {
    await sessions.open(chatId).in.send({ kind: "message", payload: { chatId, trigger: "action", action } });
    const { out } = sessions.open(chatId);
    await out.append({ type: "error", errorText: "The agent crashed while answering this message." });
    await out.writeControl("turn-complete", [["session-in-event-id", "1"]]);
  }

  async function answeredChat() {
    const chatId = await newChat();
    await ask(chatId, "u1");
    const cursors = { lastInEventId: "0" };
    await save(prismaStorage(shared.db), chatId, [put("u1"), put("a1")], { cursors });
    return chatId;
  }

  it("a question in other words that was given up stands beside the old one, as a failed turn", async () => {
    const chatId = await answeredChat();
    await act(chatId, { type: "edit", actionId: "e1", nodeId: "u1", newId: "u2", text: "In other words" });
    await settled(chatId);
    const { messages, status, versions } = await transcript(chatId);
    expect(status).toBe("failed");
    expect(messages).toMatchObject([{ id: "u2", parts: [{ text: "In other words" }] }]);
    expect(versions["u2"]?.ids).toEqual(["u1", "u2"]);
  });

  it("an action that was refused is no failed turn", async () => {
    const chatId = await answeredChat();
    const before = await transcript(chatId);
    await act(chatId, { type: "decided", messageId: "nowhere" });
    await settled(chatId);
    expect(await transcript(chatId)).toEqual(before);
  });

  it("leaves a chat alone in which nothing was asked", async () => {
    const chatId = await newChat();
    await startSession({ chatId });
    const before = started.attempts.length;
    expect(await revive(chatId)).toBe("settled");
    expect(await revive("no-such-chat-0")).toBe("settled");
    expect(started.attempts.length).toBe(before);
    expect(await transcript(chatId)).toMatchObject({ status: "idle", messages: [] });
  });
});
