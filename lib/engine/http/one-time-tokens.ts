import type { Database } from "../database";
import { HttpError } from "./errors";

export type OneTimeToken = { digest: string; expiresAt: Date };

export type OneTimeTokens = ReturnType<typeof createOneTimeTokens>;

/** Remembers used one-time tokens (`otu`) until they expire. */
export function createOneTimeTokens(database: Database) {
  return {
    /** All attempts of one call carry the same key and count as one use. */
    async use({ digest, expiresAt }: OneTimeToken, callKey: string): Promise<void> {
      await database.query("delete from engine.used_tokens where expires_at < now()");
      const used = await database.query(
        `insert into engine.used_tokens (digest, call_key, expires_at) values ($1, $2, $3)
         on conflict (digest) do update set digest = excluded.digest returning call_key = $2 as mine`,
        [digest, callKey, expiresAt],
      );
      if (used.rows[0].mine !== true)
        throw new HttpError(401, "This one-time token has been used", { code: "token_used" });
    },
  };
}
