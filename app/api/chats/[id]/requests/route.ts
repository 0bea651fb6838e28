import { answerRead } from "@/app/chat/answer-read";
import { requireOwnChat } from "@/app/chat/owner";
import { listPermissions } from "@/lib/chat/decisions";
import { listChatRequests } from "@/lib/chat/request-queries";
import { db } from "@/lib/db";

/** What was asked in the chat, the oldest first (of very much, the newest), and the tools that run without asking. */
export function GET(
  _request: Request,
  { params }: RouteContext<"/api/chats/[id]/requests">,
): Promise<Response> {
  return answerRead(async () => {
    const { id } = await requireOwnChat((await params).id);
    const [requests, allowedTools] = await Promise.all([listChatRequests(db, id), listPermissions(db, id)]);
    return { requests, allowedTools };
  });
}
