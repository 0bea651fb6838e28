/**
 * What models may take in a day, for one person and for the whole site, and the ledger of what they took. A day is one
 * of UTC. The ledger has no relations, so deleting chats frees nothing.
 */
import type { DbClient } from "@/lib/db/client";
import { env } from "@/lib/env";
import { costOf, priceOf, type Usage } from "../prices";

type SpendingPurpose = "answer" | "delegate" | "title";

/** Whose call of a model it is, and for what. */
export type Spender = { userId: string; chatId: string; purpose: SpendingPurpose };

/** The day's budget is used up. Its message is for the person. */
export class BudgetError extends Error {
  override name = "BudgetError";
}

type Sum = { tokens: number; dollars: number };

/** Throws `BudgetError` when this person, or the site, has used up today's tokens or money. Call it before a model. */
export async function requireBudget(db: DbClient, userId: string, now = new Date()): Promise<void> {
  const today = new Date(now.toISOString().slice(0, 10));
  const [row] = await db.$queryRaw<{ isGuest: boolean | null; own: Sum; all: Sum }[]>`
    SELECT
      (SELECT "isAnonymous" FROM "User" WHERE id = ${userId}) AS "isGuest",
      (SELECT jsonb_build_object('tokens', coalesce(sum("inputTokens"::bigint + "outputTokens"), 0), 'dollars', coalesce(sum(cost), 0))
        FROM "Spending" WHERE "userId" = ${userId} AND "createdAt" >= ${today}) AS own,
      (SELECT jsonb_build_object('tokens', coalesce(sum("inputTokens"::bigint + "outputTokens"), 0), 'dollars', coalesce(sum(cost), 0))
        FROM "Spending" WHERE "createdAt" >= ${today}) AS "all"`;
  const { isGuest, own, all } = row!;
  const ownBudget = isGuest
    ? { tokens: env.BUDGET_TOKENS_PER_GUEST, dollars: env.BUDGET_DOLLARS_PER_GUEST }
    : { tokens: env.BUDGET_TOKENS_PER_PERSON, dollars: env.BUDGET_DOLLARS_PER_PERSON };
  const siteBudget = { tokens: env.BUDGET_TOKENS_PER_SITE, dollars: env.BUDGET_DOLLARS_PER_SITE };
  if (isUsedUp(own, ownBudget))
    throw new BudgetError(
      isGuest
        ? "You've used today's allowance for guests. Sign in for a larger one, or retry tomorrow."
        : "You've used today's allowance. Your question is kept: retry tomorrow.",
    );
  if (isUsedUp(all, siteBudget))
    throw new BudgetError(
      "This site has used today's allowance for all its visitors. Your question is kept: retry tomorrow.",
    );
}

/** Models without a price cost tokens only, so a budget of nothing refuses them, and one of money alone does not. */
function isUsedUp(used: Sum, budget: Sum): boolean {
  return used.tokens >= budget.tokens || (used.dollars > 0 && used.dollars >= budget.dollars);
}

/**
 * Notes a call of a model before it is known what it takes: should this process die in the middle of it, what it was
 * asked still counts. Returns the entry's id, for `settleSpending`.
 */
export async function openSpending(
  db: DbClient,
  { userId, chatId, purpose }: Spender,
  model: string,
  usage: Required<Pick<Usage, "inputTokens">>,
): Promise<string> {
  const cost = costOf(priceOf(model), { ...usage, outputTokens: 0 });
  const { id } = await db.spending.create({
    data: { userId, chatId, purpose, model, isEstimate: true, ...tokens(usage), cost },
    select: { id: true },
  });
  return id;
}

/** What the call took in the end. */
export async function settleSpending(
  db: DbClient,
  id: string,
  model: string,
  usage: Usage & Required<Pick<Usage, "inputTokens" | "outputTokens">>,
  isEstimate: boolean,
): Promise<void> {
  const cost = costOf(priceOf(model), usage);
  await db.spending.update({ where: { id }, data: { ...tokens(usage), cost, isEstimate } });
}

function tokens({ inputTokens, outputTokens = 0 }: Usage) {
  return { inputTokens: whole(inputTokens), outputTokens: whole(outputTokens) };
}

/** A provider's number is somebody's word, and the column holds 32 bits. */
function whole(count: number | undefined): number {
  return Number.isFinite(count) ? Math.min(2_147_483_647, Math.max(0, Math.round(count!))) : 0;
}
