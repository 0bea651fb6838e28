import "server-only";
import { findKeyHolder, type KeyHolder, type KeyProblem, keyProblemNow } from "@/lib/api-keys/keys";
import type { ApiScope } from "@/lib/api-keys/scopes";
import { db } from "@/lib/db/client";
import { ApiError, chatNotFound } from "@/lib/server-chat/api-error";

const problems: Record<KeyProblem, string> = {
  malformed: "This isn't an API key. Send `Authorization: Bearer holdfast_…` with a key from Settings.",
  unknown: "This API key doesn't exist. Create one under Settings.",
  revoked: "This API key was revoked. Create another one under Settings.",
  expired: "This API key has expired. Create another one under Settings.",
};

/** The holder of the request's key. `onWrong` counts keys that open nothing, and throws when there are too many. */
export async function requireKey(
  request: Request,
  scope: ApiScope,
  onWrong: () => Promise<void>,
): Promise<KeyHolder> {
  const header = request.headers.get("authorization");
  if (header === null)
    throw new ApiError(
      401,
      "key-missing",
      "This needs an API key. Send `Authorization: Bearer holdfast_…` with a key from Settings.",
    );
  const [, token = ""] = /^Bearer +(\S+) *$/i.exec(header) ?? [];
  const holder = await findKeyHolder(db, token);
  if (typeof holder === "string") {
    await onWrong();
    throw keyError(holder);
  }
  if (!holder.scopes.includes(scope))
    throw new ApiError(403, "scope-missing", `This API key lacks the permission ${scope}.`);
  return holder;
}

/** Throws when the key was revoked or has expired, or its person lost the chat, since the request began. */
export async function requireStillAllowed({ keyId, userId }: KeyHolder, chatId: string): Promise<void> {
  const [problem, chats] = await Promise.all([
    keyProblemNow(db, keyId),
    db.chat.count({ where: { id: chatId, userId, deletedAt: null } }),
  ]);
  if (problem) throw keyError(problem);
  if (chats === 0) throw chatNotFound();
}

function keyError(problem: KeyProblem): ApiError {
  return new ApiError(401, `key-${problem}`, problems[problem]);
}
