/** Where browsers reach the Trigger API. The page and its content security policy both use it. */
import { env } from "./env";

/** A path on this origin with the embedded engine, else an address. Read at run time: one build serves many sites. */
export function browserApiUrl(): string {
  return env.ENGINE_URL ? "/engine" : (env.NEXT_PUBLIC_TRIGGER_API_URL ?? env.TRIGGER_API_URL);
}
