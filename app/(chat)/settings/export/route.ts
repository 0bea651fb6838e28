import { getUser } from "@/lib/auth";
import { exportEverything, fileResponse } from "@/lib/chat/chats/export";
import { db } from "@/lib/db/client";

/** All messages of the signed-in person's chats, as lines of JSON. */
export async function GET(): Promise<Response> {
  const user = await getUser();
  if (!user) return new Response("You're signed out. Reload the page to continue.\n", { status: 401 });
  return fileResponse(exportEverything(db, user.id), { title: "Holdfast chats", extension: "ndjson" });
}
