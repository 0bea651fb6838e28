/** Repeats work that failed for a temporary reason. */

import { setTimeout as pause } from "node:timers/promises";

type RetryOptions = {
  /** What was being done, for the error: "Saving chat abc". */
  doing: string;
  /** How long to keep trying in total. */
  budgetMs?: number;
};

/** Repeats database work while it fails for a temporary reason. */
export async function withRetry<T>(
  work: () => Promise<T>,
  { doing, budgetMs = 30_000 }: RetryOptions,
): Promise<T> {
  const deadline = Date.now() + budgetMs;
  return retry(work, (error, attempt) => {
    if (!isTransient(error)) throw error;
    const delay = backoff(attempt);
    if (Date.now() + delay <= deadline) return delay;
    throw new Error(
      `${doing} failed ${attempt} times within ${Math.round(budgetMs / 1000)} s because the database was not available. Check that PostgreSQL is running and that DATABASE_URL is correct.`,
      { cause: error },
    );
  });
}

/** Repeats `work` until it succeeds. `delayAfter` returns the milliseconds until the next attempt, or throws to give up. */
export async function retry<T>(
  work: () => Promise<T>,
  delayAfter: (error: unknown, attempt: number) => number,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      await pause(delayAfter(error, attempt));
    }
  }
}

/** Full jitter, so that runs which a restart interrupted together do not retry together. */
function backoff(attempt: number): number {
  return 25 + Math.random() * Math.min(2_000, 50 * 2 ** attempt);
}

// PostgreSQL: connection errors, serialization failures and deadlocks, exhausted resources (disk, memory, connections),
// lock timeouts, ended idle transactions, and a server that shuts down, has crashed or is starting.
const sqlState = /^(08...|40001|40P01|53...|55P03|25P03|57P0[1-5])$/;
const socket = /^(ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|EAI_AGAIN|ENOTFOUND|EHOSTUNREACH|ENETUNREACH)$/;
// Prisma: not reachable, timed out, connection closed, pool timeout, transaction not started or lost, write conflict.
const prisma = /^(P1001|P1002|P1008|P1017|P2024|P2028|P2034|P2037)$/;
const driverKind =
  /^(TransactionWriteConflict|ConnectionClosed|DatabaseNotReachable|SocketTimeout|TooManyConnections)$/;
// What `pg` reports without any code.
const wording =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable|Connection ended unexpectedly/i;

function isTransient(error: unknown): boolean {
  return causes(error).some((cause) => {
    const { code, originalCode, kind, message } = cause;
    return (
      [code, originalCode].some(
        (value) =>
          typeof value === "string" && (sqlState.test(value) || socket.test(value) || prisma.test(value)),
      ) ||
      (typeof kind === "string" && driverKind.test(kind)) ||
      (typeof message === "string" && wording.test(message))
    );
  });
}

type Cause = Partial<
  Record<
    "code" | "originalCode" | "kind" | "message" | "cause" | "meta" | "driverAdapterError" | "errors",
    unknown
  >
>;

/** Prisma wraps the driver's error once or twice, in `cause` or in `meta`. */
function causes(error: unknown, depth = 0): Cause[] {
  if (typeof error !== "object" || error === null || depth > 6) return [];
  const cause: Cause = error;
  const inner = [
    cause.cause,
    cause.meta,
    cause.driverAdapterError,
    ...(Array.isArray(cause.errors) ? cause.errors : []),
  ];
  return [cause, ...inner.flatMap((value) => causes(value, depth + 1))];
}
