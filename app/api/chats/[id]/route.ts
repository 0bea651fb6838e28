import { answerRead } from "@/app/(chat)/_chat/reads/answer-read";
import { expectedError } from "@/app/(chat)/_chat/actions/expected-error";
import { requireUser } from "@/app/(chat)/_chat/actions/owner";
import { findListedChat } from "@/lib/chat/chats/list";
import { db } from "@/lib/db/client";

/** One chat as the list shows it. */
export function GET(_request: Request, { params }: RouteContext<"/api/chats/[id]">): Promise<Response> {
  return answerRead(async () => {
    const user = await requireUser();
    const chat = await findListedChat(db, user.id, (await params).id);
    if (!chat) throw expectedError("chat-not-found");
    return chat;
  });
}
