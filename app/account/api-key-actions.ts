"use server";

import {
  createApiKey as create,
  newKey,
  revokeApiKey as revoke,
  type ApiKeySummary,
} from "@/lib/api-keys/keys";
import type { ApiScope } from "@/lib/api-keys/scopes";
import { db } from "@/lib/db/client";
import { countAttempt, LimitError } from "@/lib/http/rate-limit";
import { expectedError } from "@/app/(chat)/_chat/actions/expected-error";
import { requireUser } from "@/app/(chat)/_chat/actions/owner";
import { idInAddress } from "@/app/(chat)/_chat/reads/answer-read";

/** The token is returned only here. */
export type CreateKeyOutcome =
  | { ok: true; token: string; key: ApiKeySummary }
  | { ok: false; problem: string; field?: string };

/** For people who retry a form, not for programs that make keys. */
const KEYS_PER_PERSON = { count: 30, seconds: 60 * 60 };

/** Creates a key for the signed-in account. A guest has none: it is a cookie, which ends with its browser. */
export async function createApiKey(given: {
  name: string;
  scopes: ApiScope[];
  expiresInDays: number | null;
}): Promise<CreateKeyOutcome> {
  const user = await requireUser();
  if (user.isGuest) return { ok: false, problem: "Create an account first. API keys belong to accounts." };
  const parsed = newKey.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return {
      ok: false,
      problem: issue?.message ?? "Check what you typed and try again.",
      ...(issue?.path[0] !== undefined && { field: String(issue.path[0]) }),
    };
  }
  try {
    await countAttempt("other", `api-keys:person:${user.id}`, KEYS_PER_PERSON);
  } catch (error) {
    if (error instanceof LimitError) return { ok: false, problem: error.message };
    throw error;
  }
  const made = await create(db, user.id, parsed.data);
  return made
    ? { ok: true, ...made }
    : { ok: false, problem: "You have as many API keys as you can have. Revoke one to create another." };
}

/** Ends the key's access at once, also of answers that are being followed with it. */
export async function revokeApiKey(id: string): Promise<void> {
  const user = await requireUser();
  if (!idInAddress.safeParse(id).success || !(await revoke(db, { id, userId: user.id })))
    throw expectedError("key-not-found");
}
