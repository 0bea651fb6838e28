/** What became of effects, for people: the list of a chat, and the outcomes that a person finds out. */
import type { DbClient } from "@/lib/db/client";
import { sanitise } from "../message";
import type { RequestName } from "../requests/pending-calls";
import type { EffectState } from "./effect";
import { selectEffects, selectEffectsOfCalls, settleUnknownEffect } from "./effects.sql";

export type Outcome = "happened" | "did-not-happen" | "unknown";

export type Settlement =
  | { outcome: "happened"; /** What the tool would have returned, if the person can say. */ output?: unknown }
  | { outcome: "did-not-happen" };

const FOUND_OUT = { outcome: "happened", note: "A person has checked that it happened." };

/**
 * Ends an unknown outcome with a person's finding: the effect is done, or it failed and the next call runs it. The caller
 * has checked that the chat belongs to the person. The first finding counts: an effect with a known outcome stays as it is.
 */
export async function settleEffect(
  db: DbClient,
  effect: { chatId: string; key: string },
  settlement: Settlement,
  settledBy: string,
): Promise<"settled" | "already-known" | "not-found"> {
  const { chatId, key } = sanitise(effect);
  const settled = await settleUnknownEffect(db, {
    chatId,
    key,
    settledBy,
    ...(settlement.outcome === "happened"
      ? {
          end: { state: "done", output: sanitise(settlement.output ?? FOUND_OUT) },
          reason: "Checked afterwards: it happened.",
        }
      : { end: { state: "failed" }, reason: "Checked afterwards: it did not happen." }),
  });
  if (settled.length > 0) return "settled";
  return (await db.effect.count({ where: { key, chatId } })) > 0 ? "already-known" : "not-found";
}

/** The outcome of an effect; null when the chat has no such effect. */
export async function readOutcome(
  db: DbClient,
  { chatId, key }: { chatId: string; key: string },
): Promise<Outcome | null> {
  const effect = await db.effect.findUnique({
    where: { key: sanitise(key), chatId },
    select: { state: true },
  });
  switch (effect?.state as EffectState | undefined) {
    case undefined:
      return null;
    case "done":
      return "happened";
    case "failed":
      return "did-not-happen";
    case "started":
    case "unknown":
      return "unknown";
  }
}

export type EffectSummary = Awaited<ReturnType<typeof selectEffects>>[number];

/** The effects of these calls, without the ones that failed. */
export async function effectsOfCalls(
  db: DbClient,
  { chatId, calls }: { chatId: string; calls: RequestName[] },
): Promise<EffectSummary[]> {
  const [messageIds, callIds] = [
    calls.map(({ messageId }) => messageId),
    calls.map(({ toolCallId }) => toolCallId),
  ].map(sanitise);
  return selectEffectsOfCalls(db, chatId, messageIds!, callIds!);
}

/** The chat's effects, newest first. The caller has checked that the chat belongs to the reader. */
export async function listEffects(db: DbClient, chatId: string, limit = 200): Promise<EffectSummary[]> {
  return selectEffects(db, chatId, limit);
}
