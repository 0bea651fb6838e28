import { getUser } from "@/lib/auth";
import { exportJson, exportMarkdown, fileResponse } from "@/lib/chat/chats/export";
import { findOwnedChat } from "@/lib/chat/tree/queries";
import { db } from "@/lib/db/client";

/** The chat as a file: `?format=markdown`, the shown branch, or `?format=json`, every branch. */
export async function GET(
  request: Request,
  { params }: RouteContext<"/chat/[id]/export">,
): Promise<Response> {
  const user = await getUser();
  const chat = user && (await findOwnedChat(db, (await params).id, user.id));
  if (!chat)
    return new Response("Chat not found. It may have been deleted or belong to someone else.\n", {
      status: 404,
    });
  const title = chat.title ?? "Chat";
  if (new URL(request.url).searchParams.get("format") === "json")
    return fileResponse(exportJson(db, chat), { title, extension: "json" });
  return fileResponse(exportMarkdown(db, chat), { title, extension: "md" });
}
