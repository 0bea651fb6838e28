import { KnownError } from "@/components/chat/shared/known-error";
import type { ChatMessage } from "@/lib/chat/message";

/** Asks the first question of a new chat at app/api/chat/route.ts. Undefined: the agent is asked in the usual way. */
export async function askForHeadStart(question: {
  chatId: string;
  message: ChatMessage;
  model?: string;
}): Promise<{ publicAccessToken: string } | undefined> {
  const response = await fetch("/api/chat", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(question),
  });
  // An app without this route.
  if (response.status === 404 && !isJson(response)) return undefined;
  const body = isJson(response) ? ((await response.json()) as Reply) : {};
  if (response.ok && body.publicAccessToken !== undefined)
    return body.publicAccessToken === null ? undefined : { publicAccessToken: body.publicAccessToken };
  if (response.status < 500 && body.error !== undefined) throw new KnownError(body.error);
  // The response isn't ours, or the server can't reach its database: retrying can help.
  throw new TypeError(body.error ?? "Can't reach the server. Try again in a moment.");
}

type Reply = { publicAccessToken?: string | null; error?: string };

function isJson(response: Response): boolean {
  return response.headers.get("content-type")?.startsWith("application/json") === true;
}
