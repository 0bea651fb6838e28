import { z } from "zod";
import { answerRead, idInAddress, queryOf } from "@/app/(chat)/_chat/reads/answer-read";
import { getUser } from "@/lib/auth";
import { listChatPage } from "@/lib/chat/chats/list";
import { db } from "@/lib/db/client";

const query = z.object({
  view: z.enum(["active", "archived"]).optional(),
  limit: z.coerce.number().int().positive().max(1_000).optional(),
  after: idInAddress.optional(),
});

/** A page of the signed-in person's chats. Empty for a new visitor. */
export function GET(request: Request): Promise<Response> {
  return answerRead(async () => {
    const options = queryOf(request, query);
    const user = await getUser();
    return user ? listChatPage(db, user.id, options) : { chats: [] };
  });
}
