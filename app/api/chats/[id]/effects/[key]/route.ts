import { answerRead, idInAddress } from "@/app/(chat)/_chat/reads/answer-read";
import { expectedError } from "@/app/(chat)/_chat/actions/expected-error";
import { requireOwnChat } from "@/app/(chat)/_chat/actions/owner";
import { readOutcome } from "@/lib/chat/effects/outcomes";
import { db } from "@/lib/db/client";

/** The state of a tool's effect in the chat: whether it happened, if known. */
export function GET(
  _request: Request,
  { params }: RouteContext<"/api/chats/[id]/effects/[key]">,
): Promise<Response> {
  return answerRead(async () => {
    const { id, key } = await params;
    const chat = await requireOwnChat(id);
    const outcome = await readOutcome(db, { chatId: chat.id, key: idInAddress.parse(key) });
    if (!outcome) throw expectedError("outcome-not-found");
    return outcome;
  });
}
