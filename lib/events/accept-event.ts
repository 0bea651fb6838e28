/**
 * Records an incoming event before its sender is told that it was accepted. Whatever dies afterwards, the row is there,
 * and `deliverEvents` tells the agent.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { sanitise } from "@/lib/chat/message";
import type { Db } from "@/lib/db/client";

export const MAX_EVENT_BYTES = 64 * 1024;
const MAX_SOURCES = 50;
/** A sender repeats an event for minutes, and the signature of an old one is refused. */
const KEPT_MS = 7 * 24 * 60 * 60 * 1000;

export const sourceName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "must be 1 to 40 lowercase letters, digits and dashes");

export const eventId = z.string().regex(/^[\x21-\x7e]{1,128}$/, "must be 1 to 128 characters without spaces");

export const incomingEvent = z.strictObject({
  type: z.string().regex(/^[\w.:/-]{1,100}$/, "must be a name such as order.paid"),
  timestamp: z.iso.datetime({ offset: true, error: "must be an ISO date such as 2026-01-31T09:30:00Z" }),
  sequence: z.int().min(0).optional(),
  data: z.record(z.string(), z.unknown()),
});

export type IncomingEvent = z.output<typeof incomingEvent>;

export type SourceOfPerson = { userId: string; source: string };

/** `known`: it was recorded before. `conflict`: another event has this id. */
export type Acceptance = "accepted" | "known" | "conflict" | "too-many-sources";

export async function acceptEvent(
  db: Db,
  { userId, source }: SourceOfPerson,
  id: string,
  event: IncomingEvent,
): Promise<Acceptance> {
  const digest = createHash("sha256").update(JSON.stringify(event)).digest("hex");
  const known = await db.eventSource.findUnique({ where: { userId_source: { userId, source } } });
  if (!known) {
    if ((await db.eventSource.count({ where: { userId } })) >= MAX_SOURCES) return "too-many-sources";
    await db.eventSource.createMany({ data: [{ userId, source }], skipDuplicates: true });
  }
  const { count } = await db.webhookEvent.createMany({
    data: [
      {
        userId,
        source,
        id,
        digest,
        type: event.type,
        at: new Date(event.timestamp),
        sequence: event.sequence ?? null,
        data: dataText(event.data),
      },
    ],
    skipDuplicates: true,
  });
  if (count > 0) return "accepted";
  const same = await db.webhookEvent.count({ where: { userId, source, id, digest } });
  return same > 0 ? "known" : "conflict";
}

/** Removes what no sender will repeat. */
export async function removeOldEvents(db: Db, now = new Date()): Promise<void> {
  await db.webhookEvent.deleteMany({ where: { deliveredAt: { lt: new Date(now.getTime() - KEPT_MS) } } });
}

function dataText(data: Record<string, unknown>): string {
  const clean = sanitise(data);
  const pretty = JSON.stringify(clean, null, 2);
  return pretty.length <= MAX_EVENT_BYTES ? pretty : JSON.stringify(clean);
}
