import { after } from "next/server";
import { answerRead } from "@/app/(chat)/_chat/reads/answer-read";
import { getUser } from "@/lib/auth";
import { listWaitingRequests } from "@/lib/chat/requests/views";
import { db } from "@/lib/db/client";
import { sweep, notifyPeople } from "@/lib/jobs/sweep";

/** The signed-in person's pending requests in all chats, oldest first. Empty for a new visitor. */
export function GET(): Promise<Response> {
  return answerRead(async () => {
    const user = await getUser();
    if (!user) return [];
    after(() => Promise.all([sweep(), notifyPeople()]));
    return listWaitingRequests(db, user.id);
  });
}
