import { z } from "zod";
import { answerRead, idInAddress, queryOf } from "@/app/chat/answer-read";
import { requireOwnChat, requireUser } from "@/app/chat/owner";
import { listShares } from "@/lib/chat/share";
import { db } from "@/lib/db";

const query = z.object({ chat: idInAddress.optional() });

/** The signed-in person's links, of the chat `?chat=` or of all. */
export function GET(request: Request): Promise<Response> {
  return answerRead(async () => {
    const user = await requireUser();
    const { chat } = queryOf(request, query);
    if (chat !== undefined) await requireOwnChat(chat);
    return listShares(db, user.id, chat);
  });
}
