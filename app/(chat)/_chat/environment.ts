import "server-only";
import { getUser } from "@/lib/auth";
import { browserApiUrl } from "@/lib/trigger-api";
import { availableModels, type ModelInfo } from "@/lib/agent/model-catalog";

export type ChatEnvironment = {
  /** Whose drafts this browser keeps. */
  userId: string;
  /** Nobody is signed in, and no guest is made yet. */
  isNewcomer: boolean;
  /** Where the browser reaches the engine. */
  baseURL: string;
  /** Who can answer. The first is the default. */
  models: ModelInfo[];
};

/** What the server decides for the page. Read per request, because one build serves many deployments. */
export async function chatEnvironment(): Promise<ChatEnvironment> {
  const user = await getUser();
  return {
    userId: user?.id ?? "nobody",
    isNewcomer: user === null,
    baseURL: browserApiUrl(),
    models: availableModels(),
  };
}
