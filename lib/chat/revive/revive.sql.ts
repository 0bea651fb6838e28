/** Statements about chats that await an answer. In SQL, because a check is no change of a chat: `updatedAt` stays. */
import { command, integer, query, sql, text } from "@/lib/db/statement";

/** Claims the chats whose next check is due, so that several servers share the work. */
export const claimDueChats = query(
  { id: text() },
  (nextCheckMs: number, limit: number) => sql`
    UPDATE "Chat" SET "lookAt" = now() + ${nextCheckMs} * interval '1 millisecond' WHERE id IN (
      SELECT id FROM "Chat"
      WHERE ("lookAt" <= now() OR ("lookAt" IS NULL AND status = 'running')) AND "deletedAt" IS NULL
      ORDER BY "lookAt" NULLS FIRST LIMIT ${limit} FOR UPDATE SKIP LOCKED
    ) RETURNING id`,
  [10_000, 50],
);

export const scheduleCheck = command(
  (chatId: string, inMs: number) => sql`
    UPDATE "Chat" SET "lookAt" = now() + ${inMs} * interval '1 millisecond' WHERE id = ${chatId}`,
  ["a-chat", 10_000],
);

export const cancelCheck = command(
  (chatId: string) => sql`UPDATE "Chat" SET "lookAt" = NULL WHERE id = ${chatId} AND status <> 'running'`,
  ["a-chat"],
);

type DeadRun = {
  chatId: string;
  question: string;
  runId: string | null;
  hasBegun: boolean;
  wasInterrupted: boolean;
};

/**
 * Counts a dead run. No row when another process has just counted it, or when it is too early for the next run. A run
 * that was interrupted from outside counts nothing: a question may outlive any number of deployments.
 */
export const countDeadRun = query(
  { deaths: integer(), starts: integer() },
  ({ chatId, question, runId, hasBegun, wasInterrupted }: DeadRun) => sql`
    INSERT INTO "Revival" AS r ("chatId", question, "runId", deaths, starts, "notBefore")
    VALUES (${chatId}, ${question}, ${runId}, ${hasBegun && !wasInterrupted ? 1 : 0}, ${wasInterrupted ? 0 : 1}, now() + interval '3 seconds')
    ON CONFLICT ("chatId") DO UPDATE SET
      question = EXCLUDED.question,
      "runId" = EXCLUDED."runId",
      deaths = CASE WHEN r.question <> EXCLUDED.question THEN 0 ELSE r.deaths END
        + CASE WHEN r."runId" IS NOT DISTINCT FROM EXCLUDED."runId" THEN 0 ELSE EXCLUDED.deaths END,
      starts = CASE WHEN r.question <> EXCLUDED.question THEN 0 ELSE r.starts END + EXCLUDED.starts,
      "notBefore" = now() + CASE
        WHEN ${hasBegun || wasInterrupted} OR r.question <> EXCLUDED.question THEN interval '3 seconds'
        ELSE LEAST(3 * 2 ^ LEAST(r.starts, 8), 300) * interval '1 second' END
    WHERE r.question <> EXCLUDED.question OR r."notBefore" <= now()
    RETURNING deaths, starts`,
  [{ chatId: "a-chat", question: "in 1", runId: "a-run", hasBegun: true, wasInterrupted: false }],
);
