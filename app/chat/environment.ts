import "server-only";
import { getUser } from "@/lib/auth";
import { env } from "@/lib/env";
import { availableModels, type ModelInfo } from "@/trigger/models";

export type ChatEnvironment = {
  /** Whose drafts this browser keeps. */
  userId: string;
  /** Where the browser reaches the engine. */
  baseURL: string;
  /** Who can answer. The first is the default. */
  models: ModelInfo[];
};

/** What the server decides for the page. Read per request, because one build serves many deployments. */
export async function chatEnvironment(): Promise<ChatEnvironment> {
  return {
    userId: (await getUser())?.id ?? "nobody",
    baseURL: env.ENGINE_URL ? "/engine" : (env.NEXT_PUBLIC_TRIGGER_API_URL ?? env.TRIGGER_API_URL),
    models: availableModels(),
  };
}
