import { getUser } from "@/lib/auth";
import { fileResponse } from "@/lib/chat/chats/export";
import { exportDecisionsCsv, exportDecisionsJson } from "@/lib/chat/requests/export";
import { findOwnedChat } from "@/lib/chat/tree/queries";
import { db } from "@/lib/db/client";

/** The chat's requests and decisions as a file: `?format=csv` or `?format=json`. */
export async function GET(
  request: Request,
  { params }: RouteContext<"/chat/[id]/decisions">,
): Promise<Response> {
  const user = await getUser();
  const chat = user && (await findOwnedChat(db, (await params).id, user.id));
  if (!chat)
    return new Response("Chat not found. It may have been deleted or belong to someone else.\n", {
      status: 404,
    });
  const title = `${(chat.title ?? "Chat").slice(0, 60)} decisions`;
  if (new URL(request.url).searchParams.get("format") === "json")
    return fileResponse(exportDecisionsJson(db, chat), { title, extension: "json" });
  return fileResponse(exportDecisionsCsv(db, chat), { title, extension: "csv" });
}
