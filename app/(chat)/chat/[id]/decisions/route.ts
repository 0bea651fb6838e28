import { getUser } from "@/lib/auth";
import { contentDisposition, streamText } from "@/lib/chat/export";
import { exportDecisionsCsv, exportDecisionsJson } from "@/lib/chat/export-decisions";
import { findOwnedChat } from "@/lib/chat/queries";
import { db } from "@/lib/db";

/** What was asked in the chat and what became of it, as a file: `?format=csv` or `?format=json`. */
export async function GET(
  request: Request,
  { params }: RouteContext<"/chat/[id]/decisions">,
): Promise<Response> {
  const user = await getUser();
  const chat = user && (await findOwnedChat(db, (await params).id, user.id));
  if (!chat) return new Response("There is no such chat, or it is not yours.\n", { status: 404 });
  const isJson = new URL(request.url).searchParams.get("format") === "json";
  return new Response(streamText(isJson ? exportDecisionsJson(db, chat) : exportDecisionsCsv(db, chat)), {
    headers: {
      "content-type": isJson ? "application/json; charset=utf-8" : "text/csv; charset=utf-8; header=present",
      "content-disposition": contentDisposition(
        `${(chat.title ?? "Chat").slice(0, 60)} decisions`,
        isJson ? "json" : "csv",
      ),
      "cache-control": "private, no-store",
    },
  });
}
