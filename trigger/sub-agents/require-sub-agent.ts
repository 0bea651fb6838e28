import { findSubAgent } from "@/lib/chat/sub-agents/sub-agents";
import { db } from "@/lib/db/client";
import { withRetry } from "@/lib/db/retry";
import { ChatError } from "@/lib/agent/errors";

/** The sub-agent with the chat that it works for. Who owns it and which model answers is read there at every turn. */
export async function requireSubAgent(id: string) {
  const subAgent = await withRetry(() => findSubAgent(db, id), { doing: `Reading sub-agent ${id}` });
  if (!subAgent) throw new ChatError("The chat of this sub-agent does not exist any more.");
  return subAgent;
}
