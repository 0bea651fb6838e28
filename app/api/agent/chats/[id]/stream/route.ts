import { operations } from "@/lib/server-chat/operations";
import { ApiError } from "@/lib/server-chat/api-error";
import { followResponse } from "../../../_http/answer";
import { apiRoute } from "../../../_http/route";

export const GET = apiRoute(operations.followChat, async (call) => {
  const chat = await call.chat();
  const { after = call.request.headers.get("last-event-id") ?? chat.lastOutEventId, ...query } = call.query;
  if (after !== null && !/^\d{1,15}$/.test(after))
    throw new ApiError(
      400,
      "invalid",
      "A cursor is a number that an earlier response contained.",
      "Last-Event-ID",
    );
  return followResponse(call, chat, query, after);
});
