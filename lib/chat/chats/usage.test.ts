import { beforeEach, expect, it } from "vitest";
import { message, put, save, testDatabase } from "@/e2e/support/chat-fixtures";
import { createChat } from "../tree/queries";
import { prismaStorage } from "../tree/storage";
import { loadUsage } from "./usage";

const shared = testDatabase();
let chatId: string;

beforeEach(async () => {
  chatId = crypto.randomUUID();
  await createChat(shared.db, { id: chatId, userId: "ada" });
});

const answer = (id: string, metadata?: unknown) => ({
  op: "put" as const,
  message: { ...message(id), ...(metadata !== undefined && { metadata }) },
});
const store = (...changes: Parameters<typeof save>[2]) => save(prismaStorage(shared.db), chatId, changes);
const nothing = { answers: 0, inputTokens: 0, outputTokens: 0, cost: 0, unpriced: 0, uncounted: 0 };

it("adds up the shown branch, and beside it every branch", async () => {
  await store(
    put("u1"),
    answer("a1", { inputTokens: 100, outputTokens: 10, cost: 0.001 }),
    put("u2"),
    answer("a2", { inputTokens: 1_000, outputTokens: 500, cost: 0.25 }),
  );
  await store(
    { op: "truncateAfter", afterId: "a1" },
    put("u3"),
    answer("a3", { inputTokens: 20, outputTokens: 2, cost: 0.0002 }),
  );
  expect(await loadUsage(shared.db, chatId)).toEqual({
    branch: { answers: 2, inputTokens: 120, outputTokens: 12, cost: 0.0012, unpriced: 0, uncounted: 0 },
    chat: { answers: 3, inputTokens: 1_120, outputTokens: 512, cost: 0.2512, unpriced: 0, uncounted: 0 },
  });
  await shared.db.chat.update({ where: { id: chatId }, data: { headId: "a2" } });
  expect((await loadUsage(shared.db, chatId))?.branch.cost).toBeCloseTo(0.251, 10);
});

it("counts the answers whose price or tokens nobody knows, and what is known of them", async () => {
  await store(
    put("u1"),
    answer("a-free", { inputTokens: 5, outputTokens: 5, cost: 0 }),
    answer("a-unpriced", { inputTokens: 7, outputTokens: 3, cost: null }),
    answer("a-half", { inputTokens: 40, cost: null }),
    answer("a-stopped", { model: "demo" }),
    answer("a-old"),
  );
  expect((await loadUsage(shared.db, chatId))?.chat).toEqual({
    answers: 5,
    inputTokens: 52,
    outputTokens: 8,
    cost: 0,
    unpriced: 4,
    uncounted: 3,
  });
});

it("takes nothing for a number that is none", async () => {
  await store(
    put("u1"),
    answer("a1", { inputTokens: "12", outputTokens: { evil: 1 }, cost: [3] }),
    answer("a2", "not an object"),
    answer("a3", [1, 2]),
    answer("a4", { inputTokens: 1, outputTokens: 1, cost: 1e300 }),
    answer("a5", { inputTokens: 1, outputTokens: 1, cost: 1e300 }),
  );
  const usage = await loadUsage(shared.db, chatId);
  expect(usage?.branch).toEqual(usage?.chat);
  expect(usage?.chat).toEqual({
    answers: 5,
    inputTokens: 2,
    outputTokens: 2,
    cost: 2e300,
    unpriced: 3,
    uncounted: 3,
  });
});

it("counts an answer once that stands in two branches, and none that was removed", async () => {
  await store(put("u1"), answer("a1", { inputTokens: 10, outputTokens: 1, cost: 1 }));
  await shared.db.message.createMany({
    data: [
      { id: "copy", messageId: "a1", parentId: null, order: 7, removedAt: null, cost: 1 },
      { id: "gone", messageId: "gone", parentId: "u1", order: 8, removedAt: new Date(), cost: 4 },
    ].map(({ cost, ...row }) => ({
      ...row,
      chatId,
      role: "assistant",
      message: {
        id: row.messageId,
        role: "assistant",
        parts: [],
        metadata: { inputTokens: 10, outputTokens: 1, cost },
      },
    })),
  });
  const once = { answers: 1, inputTokens: 10, outputTokens: 1, cost: 1, unpriced: 0, uncounted: 0 };
  expect(await loadUsage(shared.db, chatId)).toEqual({ branch: once, chat: once });
});

it("knows an empty chat, and no other chat's answers", async () => {
  const other = crypto.randomUUID();
  await createChat(shared.db, { id: other, userId: "ada" });
  await save(prismaStorage(shared.db), other, [
    put("u1"),
    answer("a1", { inputTokens: 1, outputTokens: 1, cost: 1 }),
  ]);
  expect(await loadUsage(shared.db, chatId)).toEqual({ branch: nothing, chat: nothing });
  expect(await loadUsage(shared.db, crypto.randomUUID())).toBeNull();
  expect(await loadUsage(shared.db, "no id")).toBeNull();
});
