import { answerRead } from "@/app/(chat)/_chat/reads/answer-read";
import { expectedError } from "@/app/(chat)/_chat/actions/expected-error";
import { requireOwnChat } from "@/app/(chat)/_chat/actions/owner";
import { loadUsage } from "@/lib/chat/chats/usage";
import { db } from "@/lib/db/client";

/** The usage of the shown branch and of the whole chat. */
export function GET(_request: Request, { params }: RouteContext<"/api/chats/[id]/usage">): Promise<Response> {
  return answerRead(async () => {
    const { id } = await requireOwnChat((await params).id);
    const usage = await loadUsage(db, id);
    if (!usage) throw expectedError("chat-not-found");
    return usage;
  });
}
