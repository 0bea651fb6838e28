import { getUser } from "@/lib/auth";
import { lookAfter } from "@/lib/jobs/awaited";
import { findOwnedChat } from "@/lib/chat/tree/queries";
import { isQueued } from "@/lib/chat/revive/current-run";
import { db } from "@/lib/db/client";
import { isSameOrigin } from "@/lib/http/same-origin";

type Context = RouteContext<"/chat/[id]/run">;

/** Returns true if the chat's run is waiting for a worker. */
export async function GET(_request: Request, { params }: Context): Promise<Response> {
  const { id } = await params;
  if (!(await isOwn(id))) return notFound();
  return answer({ isQueued: await isQueued(id) });
}

/** Recovers an answer that doesn't arrive: a dead run is replaced, and unsaved input is saved. */
export async function POST(request: Request, { params }: Context): Promise<Response> {
  if (!isSameOrigin(request)) return new Response("This is for the site's own pages.\n", { status: 403 });
  const { id } = await params;
  if (!(await isOwn(id))) return notFound();
  return answer({ state: await lookAfter(id) });
}

async function isOwn(chatId: string): Promise<boolean> {
  const user = await getUser();
  return user !== null && (await findOwnedChat(db, chatId, user.id)) !== null;
}

function notFound(): Response {
  return new Response("Chat not found. It may have been deleted or belong to someone else.\n", {
    status: 404,
  });
}

function answer(body: object): Response {
  return Response.json(body, { headers: { "cache-control": "no-store" } });
}
