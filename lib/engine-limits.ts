import "server-only";
/** Limits what browsers send through `/engine`: the engine itself knows sessions, not people. */
import { userFrom } from "./auth";
import { requireRoomForAnswer } from "@/lib/chat/chats/parallel-answers";
import { clientAddress } from "@/lib/http/client-address";
import { db } from "@/lib/db/client";
import { env } from "./env";
import { countLocally, LimitError, countUse, limitResponse } from "@/lib/http/rate-limit";

const APPEND = /^\/engine\/realtime\/v1\/sessions\/([^/]+)\/(channels\/[^/]+\/)?in\/append$/;
const FOLLOW = /^\/engine\/realtime\/v1\/sessions\/([^/]+)\/(?:channels\/[^/]+\/)?out$/;
/** A stop is never longer; a message is longer in most cases. */
const LONGEST_STOP = 300;

/** The response that refuses a request over the limit; null for any other request. */
export async function refuseTooMany(request: Request): Promise<Response | null> {
  const { pathname } = new URL(request.url);
  const [, followed] = FOLLOW.exec(pathname) ?? [];
  if (request.method === "GET" && followed !== undefined)
    return countLocally("streams", followed, env.LIMIT_STREAM_STARTS).then(() => null, asResponse);
  const [, key, channel] = APPEND.exec(pathname) ?? [];
  if (request.method !== "POST" || key === undefined) return null;
  const user = await userFrom(request.headers);
  const who = { userId: user?.id, address: clientAddress(request) };
  try {
    // A person over the message limit can still stop an answer, or a job through its side channel.
    if (channel !== undefined || (await isStop(request))) await countUse("stops", who);
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
  // The engine itself reports a path that can't be decoded, or a database that is down.
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
