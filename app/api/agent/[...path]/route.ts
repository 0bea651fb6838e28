import { ApiError } from "@/lib/server-chat/api-error";
import { errorResponse } from "../_http/route";

/** An address of the API that does not exist is no page either. */
function notFound(): Response {
  return errorResponse(
    new ApiError(404, "no-such-operation", "The API has nothing here. See /api/agent/openapi.json."),
  );
}

export { notFound as DELETE, notFound as GET, notFound as PATCH, notFound as POST, notFound as PUT };
