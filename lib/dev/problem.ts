import { checkEnvironment } from "../env";

/** An error that the user can fix. Its message says how, and is shown without a stack trace. */
export class Problem extends Error {}

/** Throws a `Problem` for an invalid setting, before anything is started. */
export function requireValidSettings(
  env: NodeJS.ProcessEnv,
  isProduction = env.NODE_ENV === "production",
): void {
  try {
    checkEnvironment(env, isProduction);
  } catch (error) {
    throw new Problem((error as Error).message, { cause: error });
  }
}
