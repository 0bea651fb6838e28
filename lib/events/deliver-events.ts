/**
 * Tells the agent about recorded events: each is one turn of a durable session, with nobody typing. This is the Sessions
 * primitive used directly: `sessions.start` makes sure of the session and of a run, `sessions.open(…).in.send` appends
 * one input, which is stored before it resolves.
 */
import { createHash, randomUUID } from "node:crypto";
import { sessions } from "@trigger.dev/sdk";
import { expectAnswer } from "@/lib/chat/revive/revive";
import { readInput } from "@/lib/chat/revive/session-records";
import { createChat, findOwnedChat } from "@/lib/chat/tree/queries";
import { failuresOf } from "@/lib/db/batches";
import type { Db } from "@/lib/db/client";
import { within } from "@/lib/within";
import type { EventSource, WebhookEvent } from "@/prisma/generated/client";
import type { SourceOfPerson } from "./accept-event";
import { eventMessageId, eventText } from "./event-message";

/** A process that dies with the lease holds the source up for this long at most. */
const LEASE_MS = 20_000;
const DELIVER_WITHIN_MS = 15_000;
const BATCH = 100;

/**
 * Delivers the source's recorded events, one after the other, in the order in which they happened as far as they have
 * arrived; one that arrives after a newer one was told is marked late. One process at a time works on a source. Rejects
 * when the agent could not be told; the sweep tries again.
 */
export async function deliverEvents(db: Db, name: SourceOfPerson): Promise<void> {
  while (await hasWork(db, name)) {
    const lease = randomUUID();
    if (!(await claim(db, name, lease))) return;
    try {
      for (let next = await nextEvent(db, name); next; next = await nextEvent(db, name)) {
        if (!(await claim(db, name, lease))) return;
        await deliver(db, next);
      }
    } finally {
      await db.eventSource.updateMany({ where: { ...name, lease }, data: { lease: null, leaseUntil: null } });
    }
  }
}

/** Delivers what an earlier process recorded and did not deliver. Resolves with the failures. */
export async function deliverAllEvents(db: Db): Promise<unknown[]> {
  const waiting = await db.webhookEvent.findMany({
    where: { deliveredAt: null },
    distinct: ["userId", "source"],
    select: { userId: true, source: true },
    take: BATCH,
  });
  return failuresOf(waiting, (name) => deliverEvents(db, name), 4);
}

async function deliver(db: Db, event: WebhookEvent): Promise<void> {
  const { userId, source, id } = event;
  const place = await placeOf(db, { userId, source });
  const isLate =
    place.toldAt !== null && inOrder(event, { at: place.toldAt, sequence: place.toldSequence }) < 0;
  const { chatId } = place;
  const message = messageOf(event, isLate);
  const where = { userId_source_id: { userId, source, id } };
  // Counted before the attempt: the next process has to look whether a first one got through before it died.
  const { attempts } = await db.webhookEvent.update({ where, data: { attempts: { increment: 1 } } });
  if (attempts === 1 || !(await wasTold(db, chatId, message.id)))
    await within(DELIVER_WITHIN_MS, tell(), "The engine didn't answer in time.");
  await db.$transaction([
    db.webhookEvent.update({ where, data: { deliveredAt: new Date(), isLate } }),
    ...(isLate
      ? []
      : [
          db.eventSource.update({
            where: { userId_source: { userId, source } },
            data: { toldAt: event.at, toldSequence: event.sequence },
          }),
        ]),
  ]);

  async function tell(): Promise<void> {
    // If no run starts for it, this is what has the sweep look.
    await expectAnswer(db, chatId);
    await sessions.start({
      type: "chat.agent",
      externalId: chatId,
      taskIdentifier: "chat",
      triggerConfig: {
        tags: [`chat:${chatId}`],
        // The queue is fair between people.
        concurrencyKey: userId,
        basePayload: { chatId, messages: [], trigger: "preload" },
      },
    });
    const payload = { chatId, trigger: "submit-message", message };
    await sessions.open(chatId).in.send({ kind: "message", payload });
  }
}

/** The source with its chat, which is made for the first event, and again when its owner has deleted it. */
async function placeOf(
  db: Db,
  { userId, source }: SourceOfPerson,
): Promise<EventSource & { chatId: string }> {
  const where = { userId_source: { userId, source } };
  const known = await db.eventSource.findUniqueOrThrow({ where });
  const { chatId } = known;
  if (chatId !== null && (await findOwnedChat(db, chatId, userId))) return { ...known, chatId };
  const id = randomUUID();
  await db.$transaction(async (tx) => {
    await createChat(tx, { id, userId });
    await tx.chat.update({ where: { id }, data: { title: `Events from ${source}`, titledBy: "person" } });
    await tx.eventSource.update({ where, data: { chatId: id } });
  });
  return { ...known, chatId: id };
}

/** Whether the message is in the conversation already, or in the session's input. */
async function wasTold(db: Db, chatId: string, messageId: string): Promise<boolean> {
  const chat = await db.chat.findUnique({
    where: { id: chatId },
    select: { lastInEventId: true, _count: { select: { messages: { where: { messageId } } } } },
  });
  if (!chat) return false;
  if (chat._count.messages > 0) return true;
  const input = await readInput(chatId, chat.lastInEventId);
  return input.some(({ message }) => (message as { id?: unknown } | undefined)?.id === messageId);
}

function messageOf({ source, id, type, at, sequence, data }: WebhookEvent, isLate: boolean) {
  const digest = createHash("sha256").update(`${source} ${id}`).digest("hex").slice(0, 32);
  const number = sequence === null ? null : Number(sequence);
  const text = eventText({ source, type, at: at.toISOString(), sequence: number, isLate, data });
  return { id: eventMessageId(digest), role: "user" as const, parts: [{ type: "text" as const, text }] };
}

type Order = Pick<WebhookEvent, "at" | "sequence">;

/** By the source's own numbers if both have one, else by time. */
function inOrder(one: Order, other: Order): number {
  return one.sequence !== null && other.sequence !== null
    ? Number(one.sequence - other.sequence)
    : one.at.getTime() - other.at.getTime();
}

async function nextEvent(db: Db, name: SourceOfPerson): Promise<WebhookEvent | undefined> {
  const waiting = await db.webhookEvent.findMany({
    where: { ...name, deliveredAt: null },
    orderBy: { receivedAt: "asc" },
    take: BATCH,
  });
  return waiting.toSorted(inOrder)[0];
}

async function hasWork(db: Db, name: SourceOfPerson): Promise<boolean> {
  return (await db.webhookEvent.count({ where: { ...name, deliveredAt: null } })) > 0;
}

/** Takes or renews the lease. False: another process has it. */
async function claim(db: Db, name: SourceOfPerson, lease: string): Promise<boolean> {
  const now = Date.now();
  const { count } = await db.eventSource.updateMany({
    where: { ...name, OR: [{ lease }, { leaseUntil: null }, { leaseUntil: { lt: new Date(now) } }] },
    data: { lease, leaseUntil: new Date(now + LEASE_MS) },
  });
  return count > 0;
}
