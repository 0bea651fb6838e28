import { beforeEach, expect, it, vi } from "vitest";
import { appDatabase } from "@/e2e/support/chat-fixtures";
import { request } from "@/e2e/support/sign-in";
import { effectKey, runOnce } from "@/lib/chat/effects/ledger";
import { readOutcome } from "@/lib/chat/effects/outcomes";
import { createChat } from "@/lib/chat/tree/queries";
import { describeError } from "./expected-error";
import { settleOutcome } from "./outcome";

// Stands in for the sign-in: the current user.
vi.mock("server-only", () => ({}));
vi.mock("@/lib/auth", () => import("@/e2e/support/sign-in"));

const shared = appDatabase();
let chatId: string;
let key: string;

beforeEach(async () => {
  request.user = { id: "ada" };
  chatId = crypto.randomUUID();
  await createChat(shared.db, { id: chatId, userId: "ada" });
  const call = { chatId, turn: "u1", tool: "refund", input: {} };
  key = effectKey(call);
  const giveUp = () => Promise.reject(new DOMException("No answer.", "TimeoutError"));
  await runOnce(shared.db, call, giveUp).catch(() => {});
});

const storedOutcome = () => readOutcome(shared.db, { chatId, key });
const refusal = (act: Promise<unknown>) => act.then(() => "allowed", describeError);

it("the owner settles it once, and later words change nothing", async () => {
  expect(await storedOutcome()).toBe("unknown");
  expect(await settleOutcome(chatId, key, "happened")).toBe("happened");
  expect(await settleOutcome(chatId, key, "did-not-happen")).toBe("happened");
  expect(await storedOutcome()).toBe("happened");
  expect(await shared.db.effect.findUnique({ where: { key } })).toMatchObject({ settledBy: "ada" });
});

it("only the owner can settle it, through its own chat", async () => {
  request.user = { id: "bob" };
  const own = crypto.randomUUID();
  await createChat(shared.db, { id: own, userId: "bob" });
  const notFound = "Chat not found. It may have been deleted or belong to someone else.";
  expect(await refusal(settleOutcome(chatId, key, "happened"))).toBe(notFound);
  expect(await refusal(settleOutcome(own, key, "happened"))).toMatch(/nothing to confirm/);
  request.user = null;
  expect(await refusal(settleOutcome(chatId, key, "happened"))).toMatch(/signed out/);
  request.user = { id: "ada" };
  expect(await storedOutcome()).toBe("unknown");
});

it("takes no other word, and no key that is none", async () => {
  expect(await refusal(settleOutcome(chatId, key, "perhaps"))).toMatch(/nothing to confirm/);
  for (const bad of ["", "x".repeat(1_000_000), "a\u0000b", { evil: true } as never])
    expect(await refusal(settleOutcome(chatId, bad, "happened"))).toMatch(/nothing to confirm/);
  expect(await storedOutcome()).toBe("unknown");
});
