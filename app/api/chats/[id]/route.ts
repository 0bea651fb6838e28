import { answerRead } from "@/app/chat/answer-read";
import { expectedError } from "@/app/chat/expected-error";
import { requireUser } from "@/app/chat/owner";
import { findListedChat } from "@/lib/chat/chat-list";
import { db } from "@/lib/db";

/** One chat as the list shows it. */
export function GET(_request: Request, { params }: RouteContext<"/api/chats/[id]">): Promise<Response> {
  return answerRead(async () => {
    const user = await requireUser();
    const chat = await findListedChat(db, user.id, (await params).id);
    if (!chat) throw expectedError("chat-not-found");
    return chat;
  });
}
