import { answerRead, idInAddress } from "@/app/(chat)/_chat/reads/answer-read";
import { expectedError } from "@/app/(chat)/_chat/actions/expected-error";
import { requireOwnChat } from "@/app/(chat)/_chat/actions/owner";
import { findJob } from "@/lib/chat/long-jobs/long-jobs";
import { db } from "@/lib/db/client";

/** How far a long job of the chat is. */
export function GET(
  _request: Request,
  { params }: RouteContext<"/api/chats/[id]/jobs/[job]">,
): Promise<Response> {
  return answerRead(async () => {
    const { id, job } = await params;
    const chat = await requireOwnChat(id);
    const found = await findJob(db, { chatId: chat.id, id: idInAddress.parse(job) });
    if (!found) throw expectedError("job-not-found");
    return found;
  });
}
