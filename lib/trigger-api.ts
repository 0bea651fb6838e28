/** Where the Trigger API is, and who asks it. The page, its content security policy and our own requests all use this. */
import { apiClientManager } from "@trigger.dev/core/v3";
import { env } from "./env";

/** A path on this origin with the embedded engine, else an address. Read at run time: one build serves many sites. */
export function browserApiUrl(): string {
  return env.ENGINE_URL ? "/engine" : (env.NEXT_PUBLIC_TRIGGER_API_URL ?? env.TRIGGER_API_URL);
}

/** The address and the headers of a request of ours, as the SDK's own: from `configure()`, else from the environment. */
export function triggerApi(): { baseURL: string; headers: Record<string, string> } {
  const { accessToken, baseURL, branchName } = apiClientManager;
  return {
    baseURL: baseURL ?? env.TRIGGER_API_URL,
    headers: {
      authorization: `Bearer ${accessToken}`,
      // Branches of one environment share its key.
      ...(branchName !== undefined && { "x-trigger-branch": branchName }),
    },
  };
}
