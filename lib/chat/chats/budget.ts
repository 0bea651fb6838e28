/**
 * The daily budgets for model calls, per person and for the whole site, and the ledger of what was spent. Days are UTC
 * days. The ledger has no relations, so deleting chats frees no budget.
 */
import type { DbClient } from "@/lib/db/client";
import { env } from "@/lib/env";
import { costOf, priceOf, type Usage } from "../prices";
import { selectSpending, type SpendingSum } from "./usage.sql";

type SpendingPurpose = "answer" | "delegate" | "title";

/** The person and the chat that a model call is made for, and its purpose. */
export type Spender = { userId: string; chatId: string; purpose: SpendingPurpose };

/** Today's budget is used up. The message is shown to the person. */
export class BudgetError extends Error {
  override name = "BudgetError";
}

/** Throws `BudgetError` when this person, or the site, has used up today's tokens or money. Call it before each model call. */
export async function requireBudget(db: DbClient, userId: string, now = new Date()): Promise<void> {
  const today = new Date(now.toISOString().slice(0, 10));
  const [row] = await selectSpending(db, userId, today);
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

/** A model without a price uses tokens only, so a dollar budget of 0 must not refuse it. */
function isUsedUp(used: SpendingSum, budget: SpendingSum): boolean {
  return used.tokens >= budget.tokens || (used.dollars > 0 && used.dollars >= budget.dollars);
}

/**
 * Records a model call before it runs, with its input tokens: if this process dies during the call, they still count.
 * Returns the entry's id, for `closeSpending`.
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

/** Replaces the estimate with what the call used. */
export async function closeSpending(
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

/** A provider may report anything, and the column holds 32 bits. */
function whole(count: number | undefined): number {
  return Number.isFinite(count) ? Math.min(2_147_483_647, Math.max(0, Math.round(count!))) : 0;
}
