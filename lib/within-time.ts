import { createContext, runInContext } from "node:vm";

/** `work` took longer than it may. */
export class OutOfTimeError extends Error {}

/**
 * Runs `work`, which must be synchronous, and breaks it off after `ms`: a regular expression on the wrong text may
 * take for ever, and would hold up everybody else. Throws `OutOfTimeError` then.
 */
export function withinTime<T>(ms: number, work: () => T): T {
  try {
    return runInContext("work()", createContext({ work }), { timeout: ms }) as T;
  } catch (error) {
    // It comes from the other context, so it is no `Error` of this one.
    if ((error as NodeJS.ErrnoException | undefined)?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT")
      throw new OutOfTimeError(`It took longer than ${ms} ms`, { cause: error });
    throw error;
  }
}
