import "server-only";
import type { Transcript } from "@/lib/chat/queries";
import { db } from "@/lib/db";
import { env } from "@/lib/env";

type Batch = { records: Array<{ body: string }> };

/**
 * A question whose run dies over and over is given up by the engine, which tells the readers of the stream. No run is
 * left to save that, so the chat would say `running` until its next turn. Whoever loads such a chat saves it instead.
 */
export async function withBrokenTurn(chatId: string, transcript: Transcript): Promise<Transcript> {
  if (transcript.status !== "running") return transcript;
  const { lastOutEventId } = transcript.cursors;
  if (!(await endedInError(chatId, lastOutEventId).catch(() => false))) return transcript;
  const { count } = await db.chat.updateMany({
    // A turn that was saved in the meantime knows better.
    where: { id: chatId, status: "running", lastOutEventId: lastOutEventId ?? null },
    data: { status: "failed" },
  });
  return count === 1 ? { ...transcript, status: "failed" } : transcript;
}

/** Whether nothing is being written any more, and the last that was is an error. */
async function endedInError(chatId: string, afterEventId: string | undefined): Promise<boolean> {
  const base = env.TRIGGER_API_URL;
  const response = await fetch(`${base}/realtime/v1/sessions/${encodeURIComponent(chatId)}/out`, {
    headers: {
      authorization: `Bearer ${env.TRIGGER_SECRET_KEY}`,
      accept: "text/event-stream",
      "x-peek-settled": "1",
      ...(afterEventId !== undefined && { "last-event-id": afterEventId }),
    },
    signal: AbortSignal.timeout(3_000),
    cache: "no-store",
  });
  if (!response.ok || response.headers.get("x-session-settled") !== "true") {
    await response.body?.cancel();
    return false;
  }
  const bodies = (await response.text())
    .split("\n")
    .filter((line) => line.startsWith('data: {"records"'))
    .flatMap((line) => (JSON.parse(line.slice("data: ".length)) as Batch).records)
    .flatMap(({ body }) => body || []);
  const last = bodies.at(-1);
  return last !== undefined && JSON.parse(last)?.data?.type === "error";
}
