import "server-only";
/** Runs once when a server starts, before its first request. */
import { watchForwardedHeaders } from "@/lib/http/client-address";
import { checkEnvironment, env } from "@/lib/env";
import { startSweeping } from "./sweep";

const NO_SECRET =
  "Neither BETTER_AUTH_SECRET nor TRIGGER_SECRET_KEY is set, so people could not stay signed in. Use npm start, which creates a secret, or set BETTER_AUTH_SECRET (openssl rand -hex 32 makes one).";

export function startServer(): void {
  try {
    checkEnvironment();
    if (!env.BETTER_AUTH_SECRET && !env.TRIGGER_SECRET_KEY && process.env.NODE_ENV === "production")
      throw new Error(NO_SECRET);
  } catch (error) {
    // One sentence as the last line of the log. Next would print a stack, and in development it would continue.
    console.error((error as Error).message);
    process.exit(1);
  }
  watchForwardedHeaders();
  startSweeping();
}
