import { z } from "zod";
import { answerRead, idInAddress, queryOf } from "@/app/(chat)/_chat/reads/answer-read";
import { expectedError } from "@/app/(chat)/_chat/actions/expected-error";
import { requireOwnChat } from "@/app/(chat)/_chat/actions/owner";
import { loadTranscript } from "@/lib/chat/tree/queries";
import { db } from "@/lib/db/client";

const query = z.object({ before: idInAddress.optional(), through: idInAddress.optional() });

/**
 * The newest page of the shown branch with its stream cursors; or the page before the message `before`; or the branch
 * through the node `through`, for viewing it without making it the model's context.
 */
export function GET(
  request: Request,
  { params }: RouteContext<"/api/chats/[id]/transcript">,
): Promise<Response> {
  return answerRead(async () => {
    const { id } = await requireOwnChat((await params).id);
    const transcript = await loadTranscript(db, id, queryOf(request, query));
    if (!transcript) throw expectedError("chat-not-found");
    return transcript;
  });
}
