/**
 * API keys. A token has 256 random bits, so its SHA-256 is enough to store and to find it by: there is nothing to guess,
 * and a lookup by hash reveals nothing by how long it takes.
 */
import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";
import { plainLine } from "@/lib/chat/plain-line";
import type { Db, DbClient } from "@/lib/db/client";
import { withRetry } from "@/lib/db/retry";
import { keyLifetimes, scopeNames, type ApiScope } from "./scopes";

/** Says in a log or a repository what has leaked. */
const TOKEN_PREFIX = "holdfast_";
const TOKEN = /^holdfast_[A-Za-z0-9_-]{43}$/;
/** Enough to tell keys apart; 208 random bits stay unknown. */
const SHOWN_LENGTH = TOKEN_PREFIX.length + 8;

export const MAX_KEYS = 20;
const MAX_LISTED = 100;
const DAY_MS = 86_400_000;
const USE_NOTED_EVERY_MS = 60_000;

/** A key as its person sees it. */
export type ApiKeySummary = {
  id: string;
  name: string;
  prefix: string;
  scopes: ApiScope[];
  createdAt: Date;
  expiresAt: Date | null;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
};

export const newKey = z.object({
  name: z
    .string("Give the key a name.")
    .transform(plainLine)
    .pipe(
      z.string().min(1, "Give the key a name.").max(80, "The name is too long. Use at most 80 characters."),
    ),
  scopes: z
    .array(z.enum(scopeNames, "This permission doesn't exist. Reload the page."))
    .min(1, "Choose at least one permission.")
    .transform((scopes) => scopeNames.filter((scope) => scopes.includes(scope))),
  expiresInDays: z.literal(keyLifetimes, "Choose when the key expires."),
});

export type NewKey = z.output<typeof newKey>;

/** The created key with its token, which exists only here; null when the person has too many keys. */
export function createApiKey(
  db: Db,
  userId: string,
  { name, scopes, expiresInDays }: NewKey,
  now = new Date(),
): Promise<{ token: string; key: ApiKeySummary } | null> {
  const token = TOKEN_PREFIX + randomBytes(32).toString("base64url");
  const tokenHash = hashOf(token);
  return withRetry(() => db.$transaction(write), { doing: "Creating an API key" });

  async function write(tx: DbClient) {
    // An earlier try committed, and its connection broke before the result arrived.
    const made = await tx.apiKey.findUnique({ where: { tokenHash }, select: summary });
    if (made) return { token, key: toSummary(made) };
    if ((await tx.apiKey.count({ where: { userId, ...usable(now) } })) >= MAX_KEYS) return null;
    const key = await tx.apiKey.create({
      data: {
        userId,
        name,
        scopes,
        tokenHash,
        prefix: token.slice(0, SHOWN_LENGTH),
        createdAt: now,
        expiresAt: expiresInDays === null ? null : new Date(now.getTime() + expiresInDays * DAY_MS),
      },
      select: summary,
    });
    return { token, key: toSummary(key) };
  }
}

/** A person's keys, newest first, those that no longer work included. */
export async function listApiKeys(db: DbClient, userId: string): Promise<ApiKeySummary[]> {
  const rows = await db.apiKey.findMany({
    where: { userId },
    orderBy: [{ createdAt: "desc" }, { id: "asc" }],
    select: summary,
    take: MAX_LISTED,
  });
  return rows.map(toSummary);
}

/** From now on the key opens nothing. False when this person has no such key. Safe to repeat. */
export async function revokeApiKey(
  db: DbClient,
  { id, userId }: { id: string; userId: string },
  now = new Date(),
): Promise<boolean> {
  const { count } = await db.apiKey.updateMany({
    where: { id, userId, revokedAt: null },
    data: { revokedAt: now },
  });
  return count > 0 || (await db.apiKey.count({ where: { id, userId } })) > 0;
}

export type KeyHolder = { keyId: string; userId: string; scopes: string[] };

export type KeyProblem = "malformed" | "unknown" | "revoked" | "expired";

/** The person whose key this is, or why it opens nothing. */
export async function findKeyHolder(
  db: DbClient,
  token: string,
  now = new Date(),
): Promise<KeyHolder | KeyProblem> {
  if (!TOKEN.test(token)) return "malformed";
  const key = await db.apiKey.findUnique({
    where: { tokenHash: hashOf(token) },
    select: { id: true, userId: true, scopes: true, expiresAt: true, revokedAt: true, lastUsedAt: true },
  });
  if (!key) return "unknown";
  if (key.revokedAt) return "revoked";
  if (key.expiresAt && key.expiresAt <= now) return "expired";
  await noteUse(db, key, now);
  return { keyId: key.id, userId: key.userId, scopes: key.scopes };
}

/** Why a key that was accepted earlier is not any more; null while it is. */
export async function keyProblemNow(
  db: DbClient,
  keyId: string,
  now = new Date(),
): Promise<KeyProblem | null> {
  const key = await db.apiKey.findUnique({
    where: { id: keyId },
    select: { expiresAt: true, revokedAt: true },
  });
  if (!key || key.revokedAt) return "revoked";
  return key.expiresAt && key.expiresAt <= now ? "expired" : null;
}

/** Once a minute at most, so that reading costs no write. */
async function noteUse(
  db: DbClient,
  { id, lastUsedAt }: { id: string; lastUsedAt: Date | null },
  now: Date,
): Promise<void> {
  if (lastUsedAt && now.getTime() - lastUsedAt.getTime() < USE_NOTED_EVERY_MS) return;
  await db.apiKey.updateMany({ where: { id }, data: { lastUsedAt: now } });
}

const summary = {
  id: true,
  name: true,
  prefix: true,
  scopes: true,
  createdAt: true,
  expiresAt: true,
  revokedAt: true,
  lastUsedAt: true,
} as const;

function toSummary(row: Omit<ApiKeySummary, "scopes"> & { scopes: string[] }): ApiKeySummary {
  return { ...row, scopes: scopeNames.filter((scope) => row.scopes.includes(scope)) };
}

function usable(now: Date) {
  return { revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] };
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
