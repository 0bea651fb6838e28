import type { Caller } from "../http/caller";
import { HttpError } from "../http/errors";
import type { Attempts } from "../runs/attempts";

/** Refuses a run that has ended: its killed process may still have a request in flight. */
export function requireLiveCaller(attempts: Attempts, caller: Caller | undefined): void {
  if (!caller || attempts.mayWrite(caller)) return;
  throw new HttpError(409, "This run has ended, so it can't change its session", { code: "run_ended" });
}
