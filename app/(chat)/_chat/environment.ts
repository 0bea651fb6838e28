import "server-only";
import { isOpen } from "@/app/inspect/access";
import { getUser } from "@/lib/auth";
import { env } from "@/lib/env";
import { browserApiUrl } from "@/lib/trigger-api";
import { availableModels, type ModelInfo } from "@/lib/agent/model-catalog";

export type ChatEnvironment = {
  /** The owner of this browser's drafts. */
  userId: string;
  /** Nobody is signed in, not even a guest. */
  isNewcomer: boolean;
  /** The engine's address for the browser. */
  baseURL: string;
  /** The configured models. The first is the default. */
  models: ModelInfo[];
  /** Whether this person may open /inspect. */
  canInspect: boolean;
  /** How a new chat's first answer comes sooner. */
  start: "preload" | "head-start" | "off";
};

/** Settings that the server passes to the page. Read per request, because one build serves many deployments. */
export async function chatEnvironment(): Promise<ChatEnvironment> {
  const user = await getUser();
  return {
    userId: user?.id ?? "nobody",
    isNewcomer: user === null,
    baseURL: browserApiUrl(),
    models: availableModels(),
    canInspect: env.ENGINE_URL !== undefined && (await isOpen()),
    start: env.CHAT_START,
  };
}
