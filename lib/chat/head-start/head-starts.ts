/**
 * Head starts: the first step of a chat's first answer, which the app's server writes while the worker starts. The row
 * says whether that server is alive, and holds what it wrote. The worker continues from the row and from nothing else,
 * because a browser can write to the session's input as well.
 */
import type { LanguageModelUsage } from "ai";
import type { Db } from "@/lib/db/client";
import { Prisma, type HeadStart } from "@/prisma/generated/client";
import { sanitise, type ChatMessage, type ChatMetadata } from "../message";

/** What the app's server wrote of an answer. */
export type FirstStep = {
  message: ChatMessage;
  /** The model called tools, so the answer continues with another step. */
  hasCalls: boolean;
  finishReason: string;
  usage: LanguageModelUsage;
  /** What the whole answer says about itself, if this step is all of it. */
  metadata: ChatMetadata;
};

/** A server that has not renewed its head start for this long is gone. */
const ALIVE_MS = 10_000;
export const RENEW_EVERY_MS = 2_500;

const aliveUntil = () => new Date(Date.now() + ALIVE_MS);

/** False when the chat has had a head start already. */
export async function openHeadStart(
  db: Db,
  names: { chatId: string; questionId: string; answerId: string },
): Promise<boolean> {
  const data = [{ ...names, aliveUntil: aliveUntil() }];
  return (await db.headStart.createMany({ data, skipDuplicates: true })).count === 1;
}

/** False when the head start is no longer this server's: somebody took it for dead, or the chat is gone. */
export async function renewHeadStart(db: Db, answerId: string, chatId: string): Promise<boolean> {
  const where = { chatId, answerId, aliveUntil: { not: null } };
  return (await db.headStart.updateMany({ where, data: { aliveUntil: aliveUntil() } })).count === 1;
}

/** Saves what was written, before the worker is told. Throws when the head start is no longer this server's. */
export async function keepFirstStep(
  db: Db,
  answerId: string,
  chatId: string,
  step: FirstStep,
): Promise<void> {
  const data = { step: sanitise(step) as unknown as Prisma.InputJsonObject, aliveUntil: aliveUntil() };
  const where = { chatId, answerId, aliveUntil: { not: null } };
  if ((await db.headStart.updateMany({ where, data })).count === 0)
    throw new Error(`The head start of chat ${chatId} was given to another server.`);
}

/** The worker has been told, so nobody renews the head start any more. */
export async function noteHandover(db: Db, chatId: string): Promise<void> {
  await db.headStart.updateMany({
    where: { chatId, step: { not: Prisma.DbNull } },
    data: { aliveUntil: null },
  });
}

export async function endHeadStart(db: Db, chatId: string): Promise<void> {
  await db.headStart.deleteMany({ where: { chatId } });
}

/** The step to continue from, if the server has written it to its end. */
export async function readFirstStep(
  db: Db,
  chatId: string,
): Promise<{ answerId: string; step: FirstStep } | undefined> {
  const row = await db.headStart.findUnique({ where: { chatId } });
  const step = row && firstStepOf(row);
  return row && step ? { answerId: row.answerId, step } : undefined;
}

export function firstStepOf({ step }: Pick<HeadStart, "step">): FirstStep | undefined {
  return (step as FirstStep | null) ?? undefined;
}
