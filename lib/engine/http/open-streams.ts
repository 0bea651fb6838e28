/**
 * How many streams browsers hold open, by person and by address. Counted here, because only the engine sees one end;
 * in memory, because they all end with the process.
 */
import { HttpError, type EngineRequest } from "./route";
import type { Session } from "../runs/sessions";

/** An office shares an address. */
const PEOPLE_PER_ADDRESS = 5;
const TRY_AGAIN_AFTER_SECONDS = 10;

export type OpenStreams = ReturnType<typeof createOpenStreams>;

export function createOpenStreams(perPerson: number) {
  const open = new Map<string, number>();

  return {
    /** Counts one more, and returns how to end it. Throws a 429 when there are too many. A worker's are not counted. */
    take({ identity, headers }: EngineRequest, session: Session): () => void {
      if (identity.kind === "secret") return () => {};
      // The app has put the client first, and a proxy of its own behind it.
      const address = headers["x-forwarded-for"]?.toString().split(",")[0]?.trim();
      const limits = new Map([
        [`person:${session.triggerConfig.concurrencyKey ?? session.id}`, perPerson],
        ...(address ? [[`address:${address}`, perPerson * PEOPLE_PER_ADDRESS] as const] : []),
      ]);
      for (const [key, limit] of limits) {
        if ((open.get(key) ?? 0) < limit) continue;
        throw new HttpError(
          429,
          `You have this open in too many places at once. Close some of them, and try again in ${TRY_AGAIN_AFTER_SECONDS} seconds.`,
          { retryAfterSeconds: TRY_AGAIN_AFTER_SECONDS },
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
