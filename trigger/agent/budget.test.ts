// First: it installs the catalog that `chat.agent` registers with.
import { mockChatAgent, type MockChatAgentHarness } from "@trigger.dev/sdk/ai/test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { appDatabase, message } from "@/e2e/support/chat-fixtures";
import { deleteEverything } from "@/lib/chat/chats/changes";
import { moveGuest } from "@/lib/chat/chats/settings";
import { chatAgent } from "../chat";

const shared = appDatabase({ DEMO_MODEL_PACE_MS: "0" });
let chatId: string;
let userId: string;
let harness: MockChatAgentHarness | undefined;

beforeEach(async () => {
  for (const name of budgets) vi.stubEnv(name, "");
  vi.stubEnv("MODEL_PRICES", "");
  await shared.db.spending.deleteMany();
  userId = await person();
  chatId = await chatOf(userId);
});
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});

const budgets = ["GUEST", "PERSON", "SITE"].flatMap((whose) => [
  `BUDGET_TOKENS_PER_${whose}`,
  `BUDGET_DOLLARS_PER_${whose}`,
]);

async function person({ isAnonymous = false } = {}): Promise<string> {
  const id = crypto.randomUUID();
  await shared.db.user.create({ data: { id, name: "Ada", email: `${id}@example.com`, isAnonymous } });
  return id;
}

async function chatOf(owner: string): Promise<string> {
  const id = crypto.randomUUID();
  await shared.db.chat.create({ data: { id, userId: owner } });
  return id;
}

/** Asks, and says what the reader saw: the words of the answer, and those of what went wrong. */
async function ask(text: string, chat = chatId) {
  await harness?.close();
  harness = mockChatAgent(chatAgent, { chatId: chat });
  const turn = await harness.sendMessage(message(crypto.randomUUID(), text, "user"));
  return {
    text: turn.chunks.map((chunk) => (chunk.type === "text-delta" ? chunk.delta : "")).join(""),
    errors: turn.rawChunks.flatMap((chunk) =>
      (chunk as { type?: string }).type === "error" ? [(chunk as { errorText: string }).errorText] : [],
    ),
  };
}

const spendings = (purpose: string) =>
  shared.db.spending.findMany({ where: { userId, purpose }, orderBy: { createdAt: "asc" } });
const spent = (data: object) =>
  shared.db.spending.create({
    data: { userId, chatId, purpose: "answer", model: "x", inputTokens: 1, outputTokens: 0, ...data },
  });

describe("what a model takes", () => {
  it("is in the ledger after the turn, for the answer and for the title", async () => {
    vi.stubEnv("MODEL_PRICES", JSON.stringify({ demo: { input: 100, output: 200 } }));
    await ask("Explain the tides of the North Sea to me");
    const [answer] = await spendings("answer");
    expect(answer).toMatchObject({ chatId, model: "demo", isEstimate: false });
    expect(answer!.outputTokens).toBeGreaterThan(0);
    expect(answer!.cost).toBeCloseTo((answer!.inputTokens * 100 + answer!.outputTokens * 200) / 1e6);
    await vi.waitFor(async () => expect(await spendings("title")).toHaveLength(1), {
      timeout: 15_000,
      interval: 50,
    });
  });

  it("counts by what was said when the answer was stopped, and costs nothing that has no price", async () => {
    vi.stubEnv("DEMO_MODEL_PACE_MS", "20");
    vi.stubEnv("MODEL_PRICES", "");
    harness = mockChatAgent(chatAgent, { chatId });
    const turn = harness.sendMessage(message("u1", "count to 2000", "user"));
    await vi.waitFor(
      () => expect(harness!.allChunks.filter(({ type }) => type === "text-delta").length).toBeGreaterThan(5),
      { timeout: 15_000, interval: 20 },
    );
    await harness.sendStop();
    await turn;
    await vi.waitFor(async () => expect(await spendings("answer")).toMatchObject([{ isEstimate: true }]), {
      timeout: 15_000,
      interval: 50,
    });
    const [answer] = await spendings("answer");
    expect(answer!.outputTokens).toBeGreaterThan(0);
    vi.stubEnv("DEMO_MODEL_PACE_MS", "0");
  });
});

describe("a budget that is used up", () => {
  it.each([
    ["tokens", "BUDGET_TOKENS_PER_PERSON", { inputTokens: 900, outputTokens: 100 }],
    ["money", "BUDGET_DOLLARS_PER_PERSON", { cost: 1_000 }],
  ])("refuses in words before the model is called: %s", async (_, variable, taken) => {
    vi.stubEnv(variable, "1000");
    await spent({ inputTokens: 1, ...taken });
    const { text, errors } = await ask("count to 3");
    expect(text).toBe("");
    expect(errors).toEqual(["You've used today's allowance. Your question is kept: retry tomorrow."]);
    expect(await shared.db.spending.count({ where: { userId } })).toBe(1);
    expect(await shared.db.message.count({ where: { chatId, role: "user" } })).toBe(1);
  });

  it("is as good as new tomorrow, and nobody else's", async () => {
    vi.stubEnv("BUDGET_TOKENS_PER_PERSON", "1000");
    const entry = await spent({ inputTokens: 2_000 });
    expect((await ask("count to 3", await chatOf(await person()))).errors).toEqual([]);
    const yesterday = new Date(new Date().toISOString().slice(0, 10)).getTime() - 1;
    await shared.db.spending.update({ where: { id: entry.id }, data: { createdAt: new Date(yesterday) } });
    expect(await ask("count to 3")).toMatchObject({ text: "0 1 2 3", errors: [] });
  });

  it("of a guest is another, and says that an account has more", async () => {
    vi.stubEnv("BUDGET_TOKENS_PER_GUEST", "10");
    const guest = await person({ isAnonymous: true });
    const chat = await chatOf(guest);
    await spent({ userId: guest, inputTokens: 10 });
    expect((await ask("count to 3", chat)).errors).toEqual([
      "You've used today's allowance for guests. Sign in for a larger one, or retry tomorrow.",
    ]);
    // What the guest took counts for the account, and the account has more.
    await moveGuest(shared.db, { guestId: guest, userId });
    expect((await ask("count to 3", chat)).errors).toEqual([]);
    expect(await shared.db.spending.count({ where: { userId: guest } })).toBe(0);
  });

  it("of the site refuses everybody", async () => {
    vi.stubEnv("BUDGET_DOLLARS_PER_SITE", "5");
    await spent({ userId: "somebody else", cost: 5 });
    expect((await ask("count to 3")).errors).toEqual([
      "This site has used today's allowance for all its visitors. Your question is kept: retry tomorrow.",
    ]);
  });

  it("is not freed by deleting chats, not even all of them", async () => {
    vi.stubEnv("BUDGET_TOKENS_PER_PERSON", "1");
    await spent({ inputTokens: 2 });
    await deleteEverything(shared.db, userId);
    const { errors } = await ask("count to 3", await chatOf(userId));
    expect(errors).toEqual([expect.stringContaining("today's allowance")]);
  });

  it("counts what a worker that died was asked", async () => {
    // As `openSpending` leaves it: nothing says how it ended.
    vi.stubEnv("BUDGET_TOKENS_PER_PERSON", "500");
    await spent({ inputTokens: 500, isEstimate: true });
    expect((await ask("count to 3")).errors).toHaveLength(1);
  });

  it("is no matter of models without a price, as far as money goes", async () => {
    vi.stubEnv("BUDGET_DOLLARS_PER_PERSON", "0");
    vi.stubEnv("BUDGET_DOLLARS_PER_SITE", "0");
    await spent({ cost: null, inputTokens: 10 });
    expect((await ask("count to 3")).errors).toEqual([]);
  });
});

describe("turns that come faster than anybody types", () => {
  it("are refused in the agent, too, for where no proxy of ours sees the messages", async () => {
    vi.stubEnv("LIMIT_MESSAGES", "1/600");
    expect((await ask("count to 2")).errors).toEqual([]);
    expect((await ask("count to 2")).errors).toEqual([]);
    expect((await ask("count to 2")).errors).toEqual([
      expect.stringMatching(/^You've sent a lot of messages in a short time\. Try again in \d+ minutes\.$/),
    ]);
    vi.stubEnv("LIMIT_MESSAGES", "off");
  });
});
