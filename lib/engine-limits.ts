import "server-only";
/** What browsers may do over `/engine`, and how often: the engine itself knows sessions, not people. */
import { userFrom } from "./auth";
import { requireRoomForAnswer } from "@/lib/chat/chats/parallel-answers";
import { clientAddress } from "@/lib/http/client-address";
import { db } from "@/lib/db/client";
import { env } from "./env";
import { countLocally, LimitError, countUse, limitResponse } from "@/lib/http/rate-limit";

const APPEND = /^\/engine\/realtime\/v1\/sessions\/([^/]+)\/(?:channels\/[^/]+\/)?in\/append$/;
const FOLLOW = /^\/engine\/realtime\/v1\/sessions\/([^/]+)\/(?:channels\/[^/]+\/)?out$/;
/** A message is longer than that in most cases, a stop never. */
const LONGEST_STOP = 300;

/** The refusal of a request that comes too often; null for any other. */
export async function refuseTooMany(request: Request): Promise<Response | null> {
  const { pathname } = new URL(request.url);
  const [, followed] = FOLLOW.exec(pathname) ?? [];
  if (request.method === "GET" && followed !== undefined)
    return countLocally("streams", followed, env.LIMIT_STREAM_STARTS).then(() => null, asResponse);
  const [, key] = APPEND.exec(pathname) ?? [];
  if (request.method !== "POST" || key === undefined) return null;
  const user = await userFrom(request.headers);
  const who = { userId: user?.id, address: clientAddress(request) };
  try {
    // Whoever may send no more may still stop what is being written.
    if (await isStop(request)) await countUse("stops", who);
    else {
      await countUse("messages", who);
      if (user) await requireRoomForAnswer(db, { userId: user.id, chatId: decodeURIComponent(key) });
    }
    return null;
  } catch (error) {
    return asResponse(error);
  }
}

function asResponse(error: unknown): Response | null {
  // A path that cannot be decoded, or a database that is away: the engine says so in its own words.
  return error instanceof LimitError ? limitResponse(error) : null;
}

async function isStop(request: Request): Promise<boolean> {
  if (!(Number(request.headers.get("content-length") ?? Infinity) <= LONGEST_STOP)) return false;
  try {
    return (JSON.parse(await request.clone().text()) as { kind?: unknown }).kind === "stop";
  } catch {
    return false;
  }
}
