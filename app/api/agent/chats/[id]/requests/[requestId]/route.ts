import { takeDecision } from "@/app/(chat)/_chat/actions/take-decision";
import { ApiError } from "@/lib/server-chat/api-error";
import { operations } from "@/lib/server-chat/operations";
import { requestName } from "@/lib/server-chat/result";
import type { RequestErrorCode } from "@/lib/chat/requests/decide";
import { apiRoute } from "../../../../_http/route";

const statuses: Record<RequestErrorCode, number> = {
  "not-found": 404,
  decided: 409,
  expired: 409,
  invalid: 400,
};

export const POST = apiRoute(operations.decideRequest, async ({ chat, holder, params, body }) => {
  const { id: chatId } = await chat();
  const name = requestName(params["requestId"] ?? "");
  if (!name) throw new ApiError(404, "request-not-found", "This request doesn't exist, or it isn't yours.");
  const { problem, code, isComplete } = await takeDecision({
    chatId,
    ...name,
    decision: body,
    userId: holder.userId,
    via: "api",
  });
  if (problem === undefined) return { isComplete: isComplete === true };
  throw new ApiError(
    statuses[code ?? "invalid"],
    code === "not-found" ? "request-not-found" : (code ?? "invalid"),
    problem,
    fieldIn(problem, body.type),
  );
});

/** The sentence names a field of the arguments or of the answer as `amount`. */
function fieldIn(problem: string, type: string): string | undefined {
  const [, name] = /^`([^`]+)`:/.exec(problem) ?? [];
  if (name === undefined || name === "editedInput") return name;
  return `${type === "approve" ? "editedInput" : "output"}.${name}`;
}
