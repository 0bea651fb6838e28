/**
 * Telling people elsewhere that something waits for them. A request is told to each channel once. Before that it is
 * claimed for a while, in one statement, so several processes may sweep at the same time; whoever dies in between
 * leaves it to a later sweep, and then a channel may hear of it twice.
 */
import type { DbClient } from "@/lib/db/client";
import type { RequestName } from "./pending-calls";
import { claimUnnotified } from "./requests.sql";

/** A request that waits, for whoever is not looking at the chat. */
export type Notice = RequestName & {
  chatId: string;
  kind: string;
  tool: string;
  title: string;
  why: string | null;
  createdAt: Date;
  expiresAt: Date | null;
  /** The chat's owner. A guest has no address. */
  owner: { id: string; name: string; email: string | null };
};

/** Rejects when the notice did not arrive: it is told again later. */
export type Channel = { name: string; notify: (notice: Notice) => Promise<void> };

const NOTICES_AT_ONCE = 20;

/** Tells the channels of everything that waits and that they have not heard of. Returns what could not be told. */
export async function notifyWaiting(
  db: DbClient,
  channels: Channel[],
  now = () => new Date(),
): Promise<unknown[]> {
  const failures: unknown[] = [];
  if (channels.length === 0) return failures;
  for (;;) {
    const claimed = await claimUnnotified(db, now(), NOTICES_AT_ONCE);
    await Promise.all(
      claimed.map(async (row) => failures.push(...(await notifyAll(db, channels, row, now)))),
    );
    if (claimed.length < NOTICES_AT_ONCE) return failures;
  }
}

type Claimed = Awaited<ReturnType<typeof claimUnnotified>>[number];

async function notifyAll(
  db: DbClient,
  channels: Channel[],
  row: Claimed,
  now: () => Date,
): Promise<unknown[]> {
  const { notifiedVia, ownerId, ownerName, ownerEmail, ...request } = row;
  const { chatId, messageId, toolCallId } = request;
  const where = { chatId, messageId, toolCallId };
  const notice: Notice = { ...request, owner: { id: ownerId, name: ownerName, email: ownerEmail } };
  const outcomes = await Promise.allSettled(
    channels
      .filter(({ name }) => !notifiedVia.includes(name))
      .map(async ({ name, notify }) => {
        await notify(notice);
        await db.humanRequest.updateMany({
          where,
          data: { notifiedVia: { push: name } },
        });
      }),
  );
  const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  if (failures.length === 0) await db.humanRequest.updateMany({ where, data: { notifiedAt: now() } });
  return failures;
}
