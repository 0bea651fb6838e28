/**
 * Rate limits, counted atomically in PostgreSQL per person and address, so that restarts and further servers don't reset
 * them. While the database is down, each process counts by itself.
 */
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible";
import { db, type Db } from "@/lib/db/client";
import { env, type SettingName } from "@/lib/env";
import { limiterClient } from "./limit-counter.sql";
import { limitDigest, limitMessage, type LimitName } from "./limit-messages";

/** At most `count` times in `seconds`. */
export type Rate = { count: number; seconds: number };

/** The person and the address that a limit counts, as far as they are known. */
export type Actor = { userId?: string | undefined; address?: string | undefined };

/** A limit was exceeded. The message is shown to the person. */
export class LimitError extends Error {
  override name = "LimitError";
  readonly limit: LimitName;
  readonly retryAfterSeconds: number;
  /** In production Next hides an action's message from the browser, not its digest: `findLimitMessage` makes words of it. */
  readonly digest: string;

  constructor(limit: LimitName, retryAfterSeconds: number) {
    super(limitMessage(limit, retryAfterSeconds));
    this.limit = limit;
    this.retryAfterSeconds = retryAfterSeconds;
    this.digest = limitDigest(limit, retryAfterSeconds);
  }
}

/** A 429 that says when to try again, to programs and to people. */
export function limitResponse({ message, digest, retryAfterSeconds }: LimitError): Response {
  return Response.json(
    { ok: false, error: message, code: digest },
    {
      status: 429,
      headers: {
        "retry-after": String(retryAfterSeconds),
        "cache-control": "no-store",
        // An automatic retry would only be refused again.
        "x-should-retry": "false",
      },
    },
  );
}

const settings = {
  chatStarts: "LIMIT_CHAT_STARTS",
  messages: "LIMIT_MESSAGES",
  stops: "LIMIT_MESSAGES",
  uploads: "LIMIT_UPLOADS",
  copies: "LIMIT_COPIES",
  guests: "LIMIT_GUESTS",
} as const satisfies Partial<Record<LimitName, SettingName>>;

export type CountedLimit = keyof typeof settings;

/** An address gets this multiple of the limit of a person, because an office shares one. */
const PEOPLE_PER_ADDRESS = 5;

/**
 * Counts one use, and throws `LimitError` when it exceeds the limit. Guests are counted by address alone, because there is
 * no person yet.
 */
export async function countUse(
  limit: CountedLimit,
  { userId, address }: Actor,
  client: Db = db,
): Promise<void> {
  const rate = env[settings[limit]];
  if (!rate) return;
  if (address !== undefined) {
    const factor = limit === "guests" ? 1 : PEOPLE_PER_ADDRESS;
    await countAttempt(limit, `${limit}:address:${address}`, { ...rate, count: rate.count * factor }, client);
  }
  if (userId !== undefined) await countAttempt(limit, `${limit}:person:${userId}`, rate, client);
}

/** Counts one use of the caller's own key and rate, such as sign-ins per account. */
export async function countAttempt(
  limit: LimitName,
  key: string,
  rate: Rate,
  client: Db = db,
): Promise<void> {
  await limiterOf(rate, client).consume(key).catch(refuse(limit));
}

/** Counts in this process only, for requests that cost less than a query. */
export async function countLocally(limit: LimitName, key: string, rate: Rate | undefined): Promise<void> {
  if (!rate) return;
  const name = `${rate.count}/${rate.seconds}`;
  const limiter = local.get(name) ?? new RateLimiterMemory({ points: rate.count, duration: rate.seconds });
  local.set(name, limiter);
  await limiter.consume(`${limit}:${key}`).catch(refuse(limit));
}

const local = new Map<string, RateLimiterMemory>();

function refuse(limit: LimitName) {
  return (refusal: unknown): never => {
    if (!(refusal instanceof RateLimiterRes)) throw refusal;
    throw new LimitError(limit, Math.max(1, Math.ceil(refusal.msBeforeNext / 1000)));
  };
}

/** Removes expired counters. */
export async function sweepLimits(client: Db = db): Promise<void> {
  await client.limitCounter.deleteMany({ where: { expire: { lt: Date.now() } } });
}

const limiters = new WeakMap<Db, Map<string, RateLimiterPostgres>>();

function limiterOf({ count: points, seconds: duration }: Rate, client: Db): RateLimiterPostgres {
  const known = limiters.get(client) ?? new Map<string, RateLimiterPostgres>();
  limiters.set(client, known);
  const name = `${points}/${duration}`;
  const options = { points, duration, keyPrefix: "" };
  const limiter =
    known.get(name) ??
    new RateLimiterPostgres({
      ...options,
      storeClient: limiterClient(client),
      storeType: "client",
      tableName: "LimitCounter",
      tableCreated: true,
      clearExpiredByTimeout: false,
      // A key over its limit costs no further query.
      inMemoryBlockOnConsumed: points + 1,
      insuranceLimiter: new RateLimiterMemory(options),
    });
  known.set(name, limiter);
  return limiter;
}
