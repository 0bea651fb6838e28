import { after } from "next/server";
import { answerRead } from "@/app/(chat)/_chat/reads/answer-read";
import { getUser } from "@/lib/auth";
import { listWaitingRequests } from "@/lib/chat/requests/views";
import { db } from "@/lib/db/client";
import { sweep, notifyPeople } from "@/lib/jobs/sweep";

/** Everything that waits for the signed-in person in any chat, the oldest first. For somebody new nothing does. */
export function GET(): Promise<Response> {
  return answerRead(async () => {
    const user = await getUser();
    if (!user) return [];
    after(() => Promise.all([sweep(), notifyPeople()]));
    return listWaitingRequests(db, user.id);
  });
}
