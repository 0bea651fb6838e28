import { z } from "zod";
import { answerRead, queryOf } from "@/app/chat/answer-read";
import { requireUser } from "@/app/chat/owner";
import { searchChats } from "@/lib/chat/search";
import { db } from "@/lib/db";

const query = z.object({ q: z.string().default("") });

/** What the signed-in person's chats say about `?q=`. */
export function GET(request: Request): Promise<Response> {
  return answerRead(async () => {
    const user = await requireUser();
    return searchChats(db, user.id, queryOf(request, query).q);
  });
}
