import { z } from "zod";
import { answerRead, idInAddress, queryOf } from "@/app/(chat)/_chat/reads/answer-read";
import { requireOwnChat, requireUser } from "@/app/(chat)/_chat/actions/owner";
import { listShares } from "@/lib/chat/chats/share";
import { db } from "@/lib/db/client";

const query = z.object({ chat: idInAddress.optional() });

/** The signed-in person's share links, of the chat `?chat=` or of all chats. */
export function GET(request: Request): Promise<Response> {
  return answerRead(async () => {
    const user = await requireUser();
    const { chat } = queryOf(request, query);
    if (chat !== undefined) await requireOwnChat(chat);
    return listShares(db, user.id, chat);
  });
}
