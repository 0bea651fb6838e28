/** Where the browser reaches the Trigger API. The page and its content security policy ask the same function. */
import { env } from "./env";

/** A path of this origin when an engine is embedded, else an address. Read at run time: one build serves many. */
export function browserApiUrl(): string {
  return env.ENGINE_URL ? "/engine" : (env.NEXT_PUBLIC_TRIGGER_API_URL ?? env.TRIGGER_API_URL);
}
