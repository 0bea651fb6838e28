import "server-only";
import { getUser } from "@/lib/auth";
import { browserApiUrl } from "@/lib/trigger-api";
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
    baseURL: browserApiUrl(),
    models: availableModels(),
  };
}
