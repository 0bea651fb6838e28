import { getUser } from "@/lib/auth";
import { contentDisposition, exportJson, exportMarkdown, streamText } from "@/lib/chat/export";
import { findOwnedChat } from "@/lib/chat/queries";
import { db } from "@/lib/db";

/** The chat as a file: `?format=markdown`, the shown branch, or `?format=json`, every branch. */
export async function GET(
  request: Request,
  { params }: RouteContext<"/chat/[id]/export">,
): Promise<Response> {
  const user = await getUser();
  const chat = user && (await findOwnedChat(db, (await params).id, user.id));
  if (!chat) return new Response("There is no such chat, or it is not yours.\n", { status: 404 });
  const isMarkdown = new URL(request.url).searchParams.get("format") !== "json";
  return new Response(streamText(isMarkdown ? exportMarkdown(db, chat) : exportJson(db, chat)), {
    headers: {
      "content-type": isMarkdown ? "text/markdown; charset=utf-8" : "application/json; charset=utf-8",
      "content-disposition": contentDisposition(chat.title ?? "Chat", isMarkdown ? "md" : "json"),
      "cache-control": "private, no-store",
    },
  });
}
