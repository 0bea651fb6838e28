import { createHash, timingSafeEqual } from "node:crypto";
import { env } from "@/lib/env";
import {
  endDeleted,
  removeDeleted,
  sweep,
  sweepAnswers,
  sweepEvents,
  sweepJobs,
  notifyPeople,
} from "@/lib/jobs/sweep";

/** For a cron job, where no server runs long enough to sweep by itself: `Authorization: Bearer <CRON_SECRET>`. */
export async function GET(request: Request): Promise<Response> {
  const secret = env.CRON_SECRET;
  if (!secret) return new Response("Not found\n", { status: 404 });
  const given = request.headers.get("authorization") ?? "";
  if (!timingSafeEqual(digest(given), digest(`Bearer ${secret}`)))
    return new Response("Send the CRON_SECRET as a bearer token.\n", { status: 401 });
  const done = await Promise.all([
    sweep(),
    notifyPeople(),
    sweepAnswers(),
    sweepEvents(),
    sweepJobs(),
    removeAndTell(),
  ]);
  const isDone = done.every(Boolean);
  return Response.json({ isDone }, { status: isDone ? 200 : 503, headers: { "cache-control": "no-store" } });
}

/** Informs the engine of deletions at once. */
async function removeAndTell(): Promise<boolean> {
  const isRemoved = await removeDeleted();
  return (await endDeleted()) && isRemoved;
}

export const dynamic = "force-dynamic";

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
