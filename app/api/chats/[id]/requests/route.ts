import { answerRead } from "@/app/(chat)/_chat/reads/answer-read";
import { requireOwnChat } from "@/app/(chat)/_chat/actions/owner";
import { toolTitle } from "@/lib/agent/tool-schemas";
import { listPermissions } from "@/lib/chat/requests/permissions";
import { listChatRequests } from "@/lib/chat/requests/views";
import { db } from "@/lib/db/client";

/** The chat's requests, oldest first (up to a limit, the newest), and the tools that run without asking. */
export function GET(
  _request: Request,
  { params }: RouteContext<"/api/chats/[id]/requests">,
): Promise<Response> {
  return answerRead(async () => {
    const { id } = await requireOwnChat((await params).id);
    const [requests, allowedTools] = await Promise.all([listChatRequests(db, id), listPermissions(db, id)]);
    return { requests, allowedTools: allowedTools.map((name) => ({ name, title: toolTitle(name) })) };
  });
}
