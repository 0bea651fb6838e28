/** Every kind of request, decided in every situation. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Db } from "@/lib/db/client";
import { decideRequest, type Decision } from "@/lib/chat/requests/decide";
import { sweepRequests } from "@/lib/chat/requests/deliver";
import { listChatRequests } from "@/lib/chat/requests/views";
import { checkInput, checkOutput } from "@/lib/agent/approval-policy";
import { type EnginePlace, startEnginePlace } from "../support/engine-place";
import { lines, newChatId, readAnswer, savedTranscript } from "../support/page";
import { approve, delivery, dune, newOrder, requestSteps } from "../support/request-steps";
import type { EngineProcess } from "../support/processes";

const userId = "owner";
let place: EnginePlace | undefined;
let engine: EngineProcess;
let db: Db;

beforeAll(async () => {
  place = await startEnginePlace();
  ({ db, engine } = place);
});

afterAll(() => place?.close());

const { askAndWait, decide, goOn, killWorkers, openPage, textOf } = requestSteps(() => place!);

/** `missed`: what the agent says when nobody decided in time. */
type Kind = { kind: string; ask: () => string; decision: Decision; done: RegExp; missed: string };
const denied = '("Nobody decided in time."), so I skipped it';
const skipped = "No one answered in time, so I'll continue without it.";

const kinds: Kind[] = [
  {
    kind: "a question",
    ask: () => "Ask me something",
    decision: dune,
    done: /you chose \*\*dune\*\*/g,
    missed: skipped,
  },
  {
    kind: "an approval",
    ask: () => `Refund 20 EUR of order ${newOrder()}`,
    decision: approve,
    done: /I refunded/g,
    missed: denied,
  },
  {
    kind: "a form",
    ask: () => "Where will you deliver it?",
    decision: {
      type: "answer",
      output: delivery,
    },
    done: /It goes to \*\*Ada\*\*/g,
    missed: skipped,
  },
  {
    kind: "a confirmation",
    ask: () => "Delete the customers C-1 and C-2",
    decision: { type: "approve", phrase: "delete customers" },
    done: /I deleted/g,
    missed: denied,
  },
  {
    kind: "a sub-agent's question",
    ask: () => "Let a sub-agent find a courier",
    decision: { type: "answer", output: { optionIds: ["mon"] } },
    done: /you chose \*\*mon\*\*/g,
    missed: skipped,
  },
];

describe.each(kinds)("$kind", ({ ask, decision, done, missed }) => {
  const fork = async (chatId: string) => {
    const text = "count to 2";
    const edit = { type: "edit", actionId: crypto.randomUUID(), nodeId: "q", newId: "q2", text } as const;
    await readAnswer(await openPage(chatId).act(edit));
    expect(lines(await savedTranscript(db, chatId))[0]?.[1]).toBe(text);
  };
  const back = async (chatId: string) => {
    await fork(chatId);
    await openPage(chatId).move({ type: "switch", nodeId: "q" });
  };

  it.each<[string, (chatId: string) => Promise<unknown>]>([
    ["in the inbox of another device", async () => {}],
    ["after the worker's death", killWorkers],
    ["after the engine's restart", () => engine.restart()],
    ["after a fork above it, while the other branch is shown", fork],
    ["after a fork and a way back", back],
  ])(
    "is decided %s, and goes on once, in its own message",
    async (_, happens) => {
      const chatId = newChatId();
      const { requests, transcript } = await askAndWait(chatId, ask());
      await happens(chatId);
      const { messageId, toolCallId } = requests[0]!;
      const by = { userId, via: "inbox", checkInput, checkOutput } as const;
      expect(await decideRequest(db, { chatId, messageId, toolCallId, decision, ...by })).toMatchObject({
        isComplete: true,
      });
      const { answer, transcript: after } = await goOn(chatId);
      expect(answer.errors).toEqual([]);
      expect((await textOf(chatId)).match(done)).toHaveLength(1);
      expect(after.messages.map(({ id }) => id)).toEqual(transcript.messages.map(({ id }) => id));
    },
    60_000,
  );

  it("is skipped, visibly, by a message that is sent instead", async () => {
    const chatId = newChatId();
    const { requests } = await askAndWait(chatId, ask());
    expect((await readAnswer(await openPage(chatId).ask("count to 3"))).text).toBe("0 1 2 3");
    await savedTranscript(db, chatId);
    expect((await listChatRequests(db, chatId))[0]).toMatchObject({
      state: "skipped",
      decidedVia: "message",
    });
    await expect(decide(chatId, requests[0]!, decision)).rejects.toThrow("already skipped");
  }, 60_000);

  it("expires, and the agent goes on without it", async () => {
    const chatId = newChatId();
    const { requests } = await askAndWait(chatId, ask());
    const past = new Date(Date.now() - 1_000);
    await db.humanRequest.updateMany({ where: { chatId }, data: { expiresAt: past } });
    await sweepRequests(db);
    await expect.poll(() => textOf(chatId), { timeout: 30_000 }).toContain(missed);
    expect((await textOf(chatId)).match(done)).toBeNull();
    expect((await listChatRequests(db, chatId))[0]?.state).toBe("expired");
    await expect(decide(chatId, requests[0]!, decision)).rejects.toThrow(/expired/);
  }, 60_000);

  it("is decided once, however many decide it at once", async () => {
    const chatId = newChatId();
    const { requests } = await askAndWait(chatId, ask());
    const all = Array.from({ length: 10 }, () => decide(chatId, requests[0]!, decision));
    const outcomes = await Promise.allSettled(all);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await goOn(chatId);
    expect((await textOf(chatId)).match(done)).toHaveLength(1);
  }, 60_000);
});
