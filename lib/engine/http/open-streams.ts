/**
 * Limits how many streams browsers hold open, per person and per address. The engine counts them, because only it sees
 * a stream end; in memory, because every stream ends with this process.
 */
import type { Session } from "../runs/session";
import type { Identity } from "./auth";
import { HttpError } from "./errors";

/** The people of one office share an address. */
const PEOPLE_PER_ADDRESS = 5;
const RETRY_AFTER_SECONDS = 10;

export type OpenStreams = ReturnType<typeof createOpenStreams>;

type Reader = { identity: Identity; address: string | undefined };

export function createOpenStreams(perPerson: number) {
  const open = new Map<string, number>();

  return {
    /** Counts one more stream and returns how to end it. Throws a 429 above the limit. Workers are not counted. */
    take({ identity, address }: Reader, session: Session): () => void {
      if (identity.kind === "secret") return () => {};
      const limits = new Map([
        [`person:${session.triggerConfig.concurrencyKey ?? session.id}`, perPerson],
        ...(address ? [[`address:${address}`, perPerson * PEOPLE_PER_ADDRESS] as const] : []),
      ]);
      for (const [key, limit] of limits) {
        if ((open.get(key) ?? 0) < limit) continue;
        throw new HttpError(
          429,
          `This chat is open in too many places. Close some of them and try again in ${RETRY_AFTER_SECONDS} seconds.`,
          { retryAfterSeconds: RETRY_AFTER_SECONDS },
        );
      }
      for (const key of limits.keys()) open.set(key, (open.get(key) ?? 0) + 1);
      let isOpen = true;
      return () => {
        if (!isOpen) return;
        isOpen = false;
        for (const key of limits.keys()) {
          const left = (open.get(key) ?? 1) - 1;
          if (left > 0) open.set(key, left);
          else open.delete(key);
        }
      };
    },
  };
}
