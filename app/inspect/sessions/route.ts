import { listSessions } from "../access";

export async function GET(): Promise<Response> {
  return Response.json(await listSessions(), { headers: { "cache-control": "private, no-store" } });
}
