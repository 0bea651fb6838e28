/** The agent with the real runtime and a real database: what its history is when the database moves under it. */
// First: it installs the catalog that `chat.agent` registers with.
import { mockChatAgent, type MockChatAgentHarness } from "@trigger.dev/sdk/ai/test";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { message, put, save, testDatabase } from "@/e2e/support/chat-fixtures";
import type { AgentAction, BranchMove } from "@/lib/chat/tree/branch-actions";
import { moveBranch } from "@/lib/chat/tree/move-branch";
import { loadTranscript } from "@/lib/chat/tree/queries";
import { prismaStorage } from "@/lib/chat/tree/storage";
import { db as workerDb } from "@/lib/db/client";
import { chatAgent } from "../../chat";

const shared = testDatabase();
let chatId: string;
let harness: MockChatAgentHarness;

beforeAll(() => {
  vi.stubEnv("DATABASE_URL", shared.url);
  vi.stubEnv("DEMO_MODEL_PACE_MS", "0");
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await workerDb.$disconnect();
});
beforeEach(async () => {
  chatId = `chat-${crypto.randomUUID()}`;
  await shared.db.chat.create({ data: { id: chatId, userId: "ada" } });
});
afterEach(() => harness.close());

type Turn = Awaited<ReturnType<MockChatAgentHarness["sendMessage"]>>;
const streamed = (turn: Turn) =>
  turn.chunks.map((chunk) => (chunk.type === "text-delta" ? chunk.delta : "")).join("");
const errorsOf = (turn: Turn) =>
  turn.rawChunks.flatMap((chunk) =>
    (chunk as { type?: string }).type === "error" ? [(chunk as { errorText: string }).errorText] : [],
  );
const ask = (id: string, text: string) => harness.sendMessage(message(id, text, "user"));
const act = (action: AgentAction) => harness.sendAction(action);
const move = (to: BranchMove) => moveBranch(shared.db, { chatId, userId: "ada" }, to);
const chat = () => shared.db.chat.findUniqueOrThrow({ where: { id: chatId } });
/** Once the turn is saved: its last word is read a moment earlier. */
async function shown(): Promise<string[]> {
  await vi.waitFor(async () => expect((await chat()).status).not.toBe("running"), { timeout: 15_000 });
  return (await loadTranscript(shared.db, chatId))!.messages.map(({ id }) => id);
}

describe("a run that lives while the head moves", () => {
  beforeEach(async () => {
    harness = mockChatAgent(chatAgent, { chatId });
    await ask("oslo", "My city is Oslo.");
    await shown();
    await ask("rome", "My city is Rome.");
    await shown();
  });

  it("answers the next message on the branch that is shown, and puts it there", async () => {
    const [, first] = await shown();
    await move({ type: "continue-from", nodeId: first! });
    expect(streamed(await ask("q", "Which city is mine?"))).toContain("Oslo");
    expect((await shown()).slice(0, 3)).toEqual(["oslo", first, "q"]);
    // And back: what it has said here is left behind there.
    await move({ type: "switch", nodeId: "rome" });
    expect(streamed(await ask("q2", "Which city is mine?"))).toContain("Rome");
    await shown();
    expect(await shared.db.message.count({ where: { chatId } })).toBe(8);
  });

  it("moves nothing by a message or an action that it refuses", async () => {
    await move({ type: "continue-from", nodeId: "oslo" });
    expect(errorsOf(await ask("bad", " "))).toEqual([expect.stringMatching(/empty/)]);
    expect(await shown()).toEqual(["oslo"]);
    expect(errorsOf(await act({ type: "nonsense" } as never))).toHaveLength(1);
    const gone = { type: "regenerate", actionId: "r", nodeId: "gone" } as const;
    expect(errorsOf(await act(gone))).toEqual([expect.stringMatching(/not part/)]);
    expect(await shown()).toEqual(["oslo"]);
  });
});

describe("one way to regenerate", () => {
  it.each([
    ["the action", (nodeId: string) => act({ type: "regenerate", actionId: "r1", nodeId })],
    ["the SDK's own trigger", () => harness.sendRegenerate()],
  ])("%s writes another answer beside the first and takes back what that asked", async (_, regenerate) => {
    harness = mockChatAgent(chatAgent, { chatId });
    await ask("u1", `Refund 20 EUR of order A-${Date.now()}`);
    const [, first] = await shown();
    const requests = () =>
      shared.db.humanRequest.findMany({ where: { chatId }, orderBy: { createdAt: "asc" } });
    expect((await requests()).map(({ state }) => state)).toEqual(["pending"]);
    await regenerate(first!);
    const [, second] = await shown();
    expect(second).not.toBe(first);
    expect((await requests()).map(({ state }) => state)).toEqual(["superseded", "pending"]);
    expect(await shared.db.message.count({ where: { chatId, parentId: "u1" } })).toBe(2);
  });
});

describe("what stands in no message", () => {
  it("a summary and a note in the saved state reach the model, and stay", async () => {
    const state = {
      v: 1,
      compaction: { modelMessages: [{ role: "user", content: "My city is Oslo." }], throughId: "a1" },
      injections: [{ afterId: "a1", messages: [{ role: "user", content: "My city is Tokyo." }] }],
    };
    await save(prismaStorage(shared.db), chatId, [put("u1"), put("a1"), { op: "state", value: state }]);
    harness = mockChatAgent(chatAgent, { chatId, continuation: true, previousRunId: "run_before" });
    expect(streamed(await ask("u2", "Which city is mine?"))).toContain("Tokyo");
    await shown();
    expect((await chat()).state).toEqual(state);
    expect(streamed(await ask("u3", "Which city is mine?"))).toContain("Tokyo");
    await shown();
    expect((await chat()).state).toEqual(state);
  });

  it("a word that was steered into an answer is heard where the conversation continues from it", async () => {
    harness = mockChatAgent(chatAgent, { chatId });
    const steered = message("steer-1", "My city is Oslo.", "user");
    const answer = {
      ...message("a1", "So it is."),
      parts: [
        {
          type: "data-pending-message-injected",
          data: { messageIds: ["steer-1"], messages: [{ id: "steer-1", text: "My city is Oslo." }] },
        },
        { type: "text", text: "So it is." },
      ],
    } as never;
    await save(prismaStorage(shared.db), chatId, [
      put("u1"),
      { op: "put", message: steered },
      { op: "put", message: answer },
    ]);
    // The run has the branch with the answer in mind.
    expect(streamed(await ask("u2", "Which city is mine?"))).toContain("Oslo");
    await shown();
    await move({ type: "continue-from", nodeId: "steer-1" });
    expect(streamed(await ask("u3", "Which city is mine?"))).toContain("Oslo");
  });
});

describe("the wake-up after a decision", () => {
  it("is refused when nothing was decided, and moves nothing", async () => {
    harness = mockChatAgent(chatAgent, { chatId });
    await ask("u1", `Refund 20 EUR of order A-${Date.now()}`);
    const before = await shown();
    for (const messageId of [before[1]!, "nothing"])
      expect(errorsOf(await act({ type: "decided", messageId }))).toEqual([
        expect.stringMatching(/`messageId`: nothing that this message asked is decided/),
      ]);
    expect(await shown()).toEqual(before);
  });

  it("in its old shape, an assistant's message without a word, is refused like every other", async () => {
    harness = mockChatAgent(chatAgent, { chatId });
    await ask("u1", `Refund 20 EUR of order A-${Date.now()}`);
    const [, asking] = await shown();
    const old = await harness.sendMessage({ id: asking!, role: "assistant", parts: [] });
    expect(errorsOf(old)).toEqual([expect.stringMatching(/Only messages of role `user`/)]);
  });
});
