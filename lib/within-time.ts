import { createContext, runInContext } from "node:vm";

/** `work` took longer than its limit. */
export class OutOfTimeError extends Error {}

/**
 * Runs `work`, which must be synchronous, and interrupts it after `ms` with an `OutOfTimeError`: a regular expression may
 * take forever on some texts, and would block every other request.
 */
export function withinTime<T>(ms: number, work: () => T): T {
  try {
    return runInContext("work()", createContext({ work }), { timeout: ms }) as T;
  } catch (error) {
    // The error is from the other context, so it is no instance of this context's `Error`.
    if ((error as NodeJS.ErrnoException | undefined)?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT")
      throw new OutOfTimeError(`It took longer than ${ms} ms`, { cause: error });
    throw error;
  }
}
