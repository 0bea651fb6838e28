import "server-only";
/** What a server does once, before it answers anybody. */
import { watchForwardedHeaders } from "./client-address";
import { checkEnvironment } from "./env";
import { startSweeping } from "./sweep";

export function startServer(): void {
  try {
    checkEnvironment();
  } catch (error) {
    // One sentence, the last line of the log. Next would print its stack, and in development go on without it.
    console.error((error as Error).message);
    process.exit(1);
  }
  watchForwardedHeaders();
  startSweeping();
}
