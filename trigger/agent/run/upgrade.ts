/**
 * Moves a conversation to the current deployment. A run stays on the version that it started with, for as long as its
 * chat keeps it awake or suspended, so each turn first asks which version is current. Trigger.dev and the embedded
 * engine answer the same question, so this code is the same on both.
 */
import { setTimeout as delay } from "node:timers/promises";
import { deployments, logger } from "@trigger.dev/sdk";
import { chat } from "@trigger.dev/sdk/ai";
import { summariseError } from "@/lib/agent/errors";
import { isTriggerDev } from "./environment";

type Turn = {
  ctx: Parameters<typeof isTriggerDev>[0] & {
    run: { id: string; version?: string | undefined; startedAt?: Date | undefined };
  };
  turn: number;
  continuation: boolean;
};

/** A run this young has just been given the current version, so the first answer of a chat need not ask for it. */
const YOUNG_MS = 5_000;
/** A person waits for the answer meanwhile. Without a reply in time this version answers once more. */
const ASK_WITHIN_MS = 1_000;

/**
 * Hands the chat to a new run when this run's version is no longer the current one; a rollback counts, too. Call it at a
 * turn's start, before anything is done for the turn: the new run finds the same message and answers it. Returns true if
 * it handed over.
 */
export async function moveToCurrentVersion({ ctx, turn, continuation }: Turn): Promise<boolean> {
  // A run that has just taken over is on the version that the platform chose. Asking again could go on forever where
  // a session is locked to a version.
  if (turn === 0 && continuation) return false;
  const { version, startedAt } = ctx.run;
  if (turn === 0 && startedAt && Date.now() - startedAt.getTime() < YOUNG_MS) return false;
  if (version === undefined || isTriggerDev(ctx)) return false;
  const current = await currentVersion();
  if (current === undefined || current === version) return false;
  logger.info("The chat moves to the current version", { run: ctx.run.id, from: version, to: current });
  chat.requestUpgrade();
  return true;
}

/** Undefined when nothing was deployed, or the answer takes too long. */
async function currentVersion(): Promise<string | undefined> {
  try {
    const asking = deployments.retrieveCurrent({ retry: { maxAttempts: 1 } });
    const late = delay(ASK_WITHIN_MS, undefined, { ref: false });
    return (await Promise.race([asking, late]))?.version;
  } catch (error) {
    logger.debug("The current version is unknown", summariseError(error));
    return undefined;
  }
}
