/**
 * Notifies people of pending requests outside of the page, each channel once per request. A request is claimed for a
 * while first, so several processes can sweep at the same time. After a crash a later sweep notifies again, and a channel
 * may then get the same notice twice.
 */
import { failuresOf, workThrough } from "@/lib/db/batches";
import type { DbClient } from "@/lib/db/client";
import type { RequestName } from "./pending-calls";
import { claimUnnotified } from "./requests.sql";

/** A pending request, for people who are not looking at the chat. */
export type Notice = RequestName & {
  chatId: string;
  kind: string;
  tool: string;
  title: string;
  why: string | null;
  createdAt: Date;
  expiresAt: Date | null;
  /** The chat's owner. Guests and unconfirmed accounts have no address. */
  owner: { id: string; name: string; email: string | null };
};

/** `notify` rejects when the notice did not arrive; it is sent again later. */
export type Channel = { name: string; notify: (notice: Notice) => Promise<void> };

const NOTICES_AT_ONCE = 20;

/** Sends each pending request to the channels that have not had it. Resolves with the failures. */
export async function notifyWaiting(
  db: DbClient,
  channels: Channel[],
  now = () => new Date(),
): Promise<unknown[]> {
  if (channels.length === 0) return [];
  return workThrough(
    (limit) => claimUnnotified(db, now(), limit),
    (row) => notifyAll(db, channels, row, now),
    { batch: NOTICES_AT_ONCE, atOnce: NOTICES_AT_ONCE },
  );
}

type Claimed = Awaited<ReturnType<typeof claimUnnotified>>[number];

async function notifyAll(db: DbClient, channels: Channel[], row: Claimed, now: () => Date): Promise<void> {
  const { notifiedVia, ownerId, ownerName, ownerEmail, ...request } = row;
  const { chatId, messageId, toolCallId } = request;
  const where = { chatId, messageId, toolCallId };
  const notice: Notice = { ...request, owner: { id: ownerId, name: ownerName, email: ownerEmail } };
  const failures = await failuresOf(
    channels.filter(({ name }) => !notifiedVia.includes(name)),
    async ({ name, notify }) => {
      await notify(notice);
      await db.humanRequest.updateMany({ where, data: { notifiedVia: { push: name } } });
    },
  );
  if (failures.length > 0) throw failures[0];
  await db.humanRequest.updateMany({ where, data: { notifiedAt: now() } });
}
