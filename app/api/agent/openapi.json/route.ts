import { ownOrigin } from "@/lib/http/same-origin";
import { openApiDocument } from "@/lib/server-chat/openapi";

/** The OpenAPI document. It describes no person, so it needs no key. */
export function GET(request: Request): Response {
  return Response.json(openApiDocument(ownOrigin() ?? new URL(request.url).origin), {
    headers: { "cache-control": "no-cache" },
  });
}
