import { answerRead, idInAddress } from "@/app/(chat)/_chat/reads/answer-read";
import { expectedError } from "@/app/(chat)/_chat/actions/expected-error";
import { requireOwnChat } from "@/app/(chat)/_chat/actions/owner";
import { readOutcome } from "@/lib/chat/effects/outcomes";
import { db } from "@/lib/db/client";

/** Whether a tool's effect in the chat happened, as far as it is known by now. */
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
