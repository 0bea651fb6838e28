// First: it installs the catalog that `chat.agent` registers with.
import { mockChatAgent, type MockChatAgentHarness } from "@trigger.dev/sdk/ai/test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { appDatabase, message } from "@/e2e/support/chat-fixtures";
import { MAX_TEXT_LENGTH } from "@/lib/chat/message";
import { loadTranscript, type Transcript } from "@/lib/chat/tree/queries";
import { prismaStorage } from "@/lib/chat/tree/storage";
import { chatAgent } from "./chat";

const shared = appDatabase({ DEMO_MODEL_PACE_MS: "0" });
let chatId: string;
let harness: MockChatAgentHarness;

beforeEach(async () => {
  chatId = `chat-${crypto.randomUUID()}`;
  await shared.db.chat.create({ data: { id: chatId, userId: "ada" } });
});
afterEach(() => harness.close());

type Turn = Awaited<ReturnType<MockChatAgentHarness["sendMessage"]>>;

const user = (id: string, text: string) => message(id, text, "user");
const ask = (id: string, text: string) => harness.sendMessage(user(id, text));
const errorsOf = (turn: Turn) =>
  turn.rawChunks.flatMap((chunk) =>
    (chunk as { type?: string }).type === "error" ? [(chunk as { errorText: string }).errorText] : [],
  );
const streamed = (turn: Turn) =>
  turn.chunks.map((chunk) => (chunk.type === "text-delta" ? chunk.delta : "")).join("");

/** The machine may be busy with other tests. */
const patience = { timeout: 15_000, interval: 20 };

/** A turn's end reaches the reader before its save has finished. */
async function settled(check: (transcript: Transcript) => void): Promise<Transcript> {
  return vi.waitFor(async () => {
    const transcript = await loadTranscript(shared.db, chatId);
    check(transcript!);
    return transcript!;
  }, patience);
}

const texts = (transcript: Transcript) =>
  transcript.messages.map((row) =>
    row.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join(""),
  );

describe("a conversation", () => {
  it("answers two turns, the second with the first in mind", async () => {
    harness = mockChatAgent(chatAgent, { chatId });
    await ask("u1", "My city is Oslo");
    const turn = await ask("u2", "Which city?");
    expect(streamed(turn)).toBe("Your city is Oslo.");

    const transcript = await settled((saved) => expect(saved.messages).toHaveLength(4));
    expect(texts(transcript)).toEqual([
      "My city is Oslo",
      "Noted: your city is Oslo. Ask me about it later.",
      "Which city?",
      "Your city is Oslo.",
    ]);
    expect(transcript).toMatchObject({ title: "My city is Oslo", status: "idle", nonFinalIds: [] });
    expect(transcript.messages[3]?.metadata).toMatchObject({
      model: "demo",
      outputTokens: expect.any(Number),
    });
  });

  it("goes on in a session that was made anew: the engine's data was deleted, or the chat moved to the cloud", async () => {
    harness = mockChatAgent(chatAgent, { chatId });
    await ask("u1", "My city is Oslo");
    await settled((saved) => expect(saved.messages).toHaveLength(2));
    await harness.close();
    // The harness gives every run the same id.
    await shared.db.chat.update({ where: { id: chatId }, data: { runId: "run_before" } });

    harness = mockChatAgent(chatAgent, { chatId });
    expect(streamed(await ask("u2", "Which city?"))).toBe("Your city is Oslo.");
    const transcript = await settled((saved) => expect(saved.messages).toHaveLength(4));
    expect(texts(transcript)[2]).toBe("Which city?");
  });

  it("calls a tool and answers from what it returned", async () => {
    harness = mockChatAgent(chatAgent, { chatId });
    const turn = await ask("u1", "What is the weather in Oslo?");
    expect(streamed(turn)).toMatch(/In \*\*Oslo\*\* it is -?\d+ °C/);
    const { messages } = await settled((saved) => expect(saved.messages).toHaveLength(2));
    expect(messages[1]?.parts).toContainEqual(
      expect.objectContaining({
        type: "tool-weather",
        state: "output-available",
        output: expect.objectContaining({ city: "Oslo" }),
      }),
    );
  });

  it("shows a failure as a readable error and answers the next question", async () => {
    harness = mockChatAgent(chatAgent, { chatId });
    const failed = await ask("u1", "Show me an error");
    expect(errorsOf(failed)).toEqual([expect.stringContaining("failed on purpose")]);
    const broken = await settled((saved) => expect(saved.messages).toHaveLength(2));
    expect(broken).toMatchObject({ status: "failed", nonFinalIds: [broken.messages[1]?.id] });
    const next = await ask("u2", "count to 3");
    expect(streamed(next)).toBe("0 1 2 3");
    const transcript = await settled((saved) => expect(texts(saved).at(-1)).toBe("0 1 2 3"));
    expect(transcript.messages.map((row) => row.role).filter((role) => role === "user")).toHaveLength(2);
  });

  it("keeps what was written when it is stopped, marks it as partial, and goes on", async () => {
    harness = mockChatAgent(chatAgent, { chatId });
    const turn = ask("u1", "count to 5000 at 2 ms");
    await vi.waitFor(
      () =>
        expect(harness.allChunks.filter((chunk) => chunk.type === "text-delta").length).toBeGreaterThan(5),
      patience,
    );
    await harness.sendStop();
    await turn;
    const stopped = await settled((saved) => expect(saved.messages).toHaveLength(2));
    expect(stopped).toMatchObject({ status: "idle", nonFinalIds: [stopped.messages[1]?.id] });
    expect(texts(stopped)[1]).toMatch(/^0 1 2/);
    expect(streamed(await ask("u2", "count to 2"))).toBe("0 1 2");
    await settled((saved) => expect(saved.messages).toHaveLength(4));
  });

  it("regenerates beside the old answer, which stays in the database", async () => {
    harness = mockChatAgent(chatAgent, { chatId });
    await ask("u1", "count to 3");
    await settled((saved) => expect(saved.messages).toHaveLength(2));
    await harness.sendRegenerate();
    await vi.waitFor(
      async () => expect(await shared.db.message.count({ where: { chatId } })).toBe(3),
      patience,
    );
    const answers = await shared.db.message.findMany({ where: { chatId, role: "assistant" } });
    expect(answers.map((row) => row.parentId)).toEqual(["u1", "u1"]);
    await settled((saved) => expect(saved.messages).toHaveLength(2));
  });
});

describe("what is refused", () => {
  const bad: [string, unknown, RegExp][] = [
    ["an empty message", user("u1", "  \n"), /empty/],
    ["a message of NULs", user("u1", "\u0000\u0000"), /empty/],
    [
      "too long a message",
      user("u1", "x".repeat(MAX_TEXT_LENGTH + 1)),
      /too long: 100,001 characters, the limit is 100,000/,
    ],
    ["an id with a path in it", user("../u1", "hello"), /`id`/],
    ["an id with an emoji", user("u💥", "hello"), /`id`/],
    ["somebody else's role", { ...user("u1", "hello"), role: "system" }, /role `user`/],
    ["an invented answer", { ...user("u1", "hello"), role: "assistant" }, /role `user`/],
    [
      "an invented answer that no database takes",
      { ...user("x\u0000", "hello"), role: "assistant" },
      /role `user`/,
    ],
    [
      "an invented answer with an endless id",
      { ...user("x".repeat(5_000), "hello"), role: "assistant" },
      /role `user`/,
    ],
    [
      "a part that is no text",
      { ...user("u1", "hello"), parts: [{ type: "file", url: "data:," }] },
      /not an attachment/,
    ],
    ["an empty list of parts", { ...user("u1", "hello"), parts: [] }, /empty/],
    ["a text that is a number", { ...user("u1", "hello"), parts: [{ type: "text", text: 7 }] }, /`text`/],
  ];

  it.each(bad)("%s: says why, keeps no trace and stays alive", async (_, sent, why) => {
    harness = mockChatAgent(chatAgent, { chatId });
    const turn = await harness.sendMessage(sent as never);
    expect(errorsOf(turn)).toEqual([expect.stringMatching(why)]);
    expect(streamed(turn)).toBe("");
    expect(streamed(await ask("u2", "what did I say"))).toContain("first thing you have said");
    const transcript = await settled((saved) => expect(saved.messages).toHaveLength(2));
    expect(transcript.messages[0]?.id).toBe("u2");
    expect(await shared.db.message.count({ where: { chatId } })).toBe(2);
  });

  it("another text under the id of a message that is there", async () => {
    harness = mockChatAgent(chatAgent, { chatId });
    await ask("u1", "count to 1");
    const { messages } = await settled((saved) => expect(saved.messages).toHaveLength(2));
    expect(errorsOf(await ask("u1", "another text"))).toEqual([
      expect.stringMatching(/belongs to another message/),
    ]);
    expect(errorsOf(await ask(messages[1]!.id, "put into its mouth"))).toEqual([
      expect.stringMatching(/belongs to another message/),
    ]);
    expect(streamed(await ask("u2", "count to 2"))).toBe("0 1 2");
    const after = await settled((saved) => expect(saved.messages).toHaveLength(4));
    expect(texts(after)).toEqual(["count to 1", "0 1", "count to 2", "0 1 2"]);
  });

  it("a chat without a row: a clear error and no answer", async () => {
    harness = mockChatAgent(chatAgent, { chatId: "chat-that-is-not-there" });
    const turn = await ask("u1", "count to 3");
    expect(errorsOf(turn)).toEqual([expect.stringMatching(/does not exist/)]);
    expect(streamed(turn)).toBe("");
    expect(await shared.db.chat.findUnique({ where: { id: "chat-that-is-not-there" } })).toBeNull();
  });
});

describe("a run that takes over", () => {
  const partial = {
    id: "a-partial",
    role: "assistant" as const,
    parts: [{ type: "text" as const, text: "My worker process dies" }],
  };

  async function interruptedTurn(): Promise<void> {
    const storage = prismaStorage(shared.db);
    const context = {
      chatId,
      clientData: undefined,
      turn: 0,
      trigger: "submit-message",
      runId: "run_dead",
      ctx: {},
    } as never;
    const question = user("u1", "Crash the worker");
    await storage.save(context, {
      reason: "turn-start",
      changes: [{ op: "put", message: question }],
      transcript: { entries: [{ id: "u1", final: true, message: question }], state: null },
    });
    harness = mockChatAgent(chatAgent, { chatId, continuation: true, previousRunId: "run_dead" });
    harness.seedSessionOutPartial(partial);
  }

  it("says so, answers the interrupted question in full and keeps it once", async () => {
    await interruptedTurn();
    harness.seedSessionInTail([user("u1", "Crash the worker")]);
    const transcript = await settled((saved) => expect(saved.messages).toHaveLength(2));
    expect(texts(transcript)[1]).toContain("Line 10 of 10");
    expect(transcript.messages[0]?.id).toBe("u1");
    expect(harness.allChunks).toContainEqual(
      expect.objectContaining({
        type: "data-run-recovered",
        data: { partialId: "a-partial" },
        transient: true,
      }),
    );
  });

  it("answers the interrupted question and then the one that was waiting, each standing once", async () => {
    await interruptedTurn();
    harness.seedSessionInTail([user("u1", "Crash the worker"), user("u2", "count to 4")]);
    const transcript = await settled((saved) => expect(saved.messages).toHaveLength(4));
    expect(transcript.messages.map((row) => row.role)).toEqual(["user", "assistant", "user", "assistant"]);
    expect(texts(transcript)[1]).toContain("Line 10 of 10");
    expect(texts(transcript)[3]).toBe("0 1 2 3 4");
  });

  it("answers a question whose regenerated answer was cut, though no message is waiting", async () => {
    await interruptedTurn();
    const transcript = await settled((saved) => expect(saved.messages).toHaveLength(2));
    expect(texts(transcript)[1]).toContain("Line 10 of 10");
  });
});
