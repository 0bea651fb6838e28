import { z } from "zod";
import { answerRead, queryOf } from "@/app/(chat)/_chat/reads/answer-read";
import { getUser } from "@/lib/auth";
import { searchChats } from "@/lib/chat/chats/search";
import { db } from "@/lib/db/client";

const query = z.object({ q: z.string().default("") });

/** Matches for `?q=` in the signed-in person's chats. Empty for a new visitor. */
export function GET(request: Request): Promise<Response> {
  return answerRead(async () => {
    const { q } = queryOf(request, query);
    const user = await getUser();
    return user ? searchChats(db, user.id, q) : [];
  });
}
