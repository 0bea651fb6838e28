import { checkEnvironment } from "../env";

/** Something a person can mend. Its message is one sentence with the way out, shown without a stack trace. */
export class Problem extends Error {}

/** Refuses an environment with a value that cannot be used, before anything is started. */
export function requireGoodSettings(
  env: NodeJS.ProcessEnv,
  isProduction = env.NODE_ENV === "production",
): void {
  try {
    checkEnvironment(env, isProduction);
  } catch (error) {
    throw new Problem((error as Error).message, { cause: error });
  }
}
