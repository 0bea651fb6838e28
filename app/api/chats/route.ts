import { z } from "zod";
import { answerRead, idInAddress, queryOf } from "@/app/chat/answer-read";
import { requireUser } from "@/app/chat/owner";
import { listChatPage } from "@/lib/chat/chat-list";
import { db } from "@/lib/db";

const query = z.object({
  view: z.enum(["active", "archived"]).optional(),
  limit: z.coerce.number().int().positive().max(1_000).optional(),
  after: idInAddress.optional(),
});

/** A page of the signed-in person's chats. */
export function GET(request: Request): Promise<Response> {
  return answerRead(async () => {
    const user = await requireUser();
    return listChatPage(db, user.id, queryOf(request, query));
  });
}
