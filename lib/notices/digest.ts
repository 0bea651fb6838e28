/**
 * The digest: what waits for a person's decision, in one message per channel. A person gets one only when something waits
 * that no earlier digest on that channel has named. The record follows the message, so after a crash a person may get the
 * same digest twice, with the same id.
 */
import { createHash } from "node:crypto";
import { listWaitingRequests, type RequestView } from "@/lib/chat/requests/views";
import { failuresOf } from "@/lib/db/batches";
import type { Db } from "@/lib/db/client";
import { env } from "@/lib/env";
import { canSendMail, sendMail } from "./mail";
import { postWebhook } from "./webhook";

export type Digest = {
  /** The same when it is sent again. */
  id: string;
  /** An unconfirmed account has no address. */
  person: { id: string; name: string; email: string | null };
  /** Oldest first. */
  waiting: RequestView[];
};

export type DigestChannel = { name: string; send: (digest: Digest) => Promise<void> };

const PEOPLE_AT_ONCE = 20;
const LISTED = 20;

/** The channels that are configured. */
function digestChannels(): DigestChannel[] {
  const { REQUEST_WEBHOOK_URL: url, REQUEST_WEBHOOK_SECRET: secret } = env;
  return [
    ...(url && secret
      ? [
          {
            name: "webhook",
            send: (digest: Digest) => postWebhook({ url, secret }, JSON.stringify(payloadOf(digest))),
          },
        ]
      : []),
    ...(canSendMail() ? [{ name: "mail", send: mailTo }] : []),
  ];
}

/** Sends each person's digest. Rejects in the end when some could not be sent; those are sent by the next call. */
export async function sendDigests(
  db: Db,
  channels: DigestChannel[] = digestChannels(),
  now = new Date(),
): Promise<{ sent: number }> {
  let sent = 0;
  const failures: unknown[] = [];
  for (let after = ""; ;) {
    const people = await db.user.findMany({
      where: {
        id: { gt: after },
        isAnonymous: false,
        chats: { some: { deletedAt: null, requests: { some: { state: "pending" } } } },
      },
      orderBy: { id: "asc" },
      take: PEOPLE_AT_ONCE,
      select: { id: true, name: true, email: true, emailVerified: true },
    });
    failures.push(
      ...(await failuresOf(people, async ({ emailVerified, email, ...person }) => {
        const waiting = await listWaitingRequests(db, person.id, now);
        if (waiting.length === 0) return;
        const digest = digestOf({ ...person, email: emailVerified ? email : null }, waiting);
        const channelFailures = await failuresOf(channels, async (channel) => {
          if (await sendOnce(db, channel, digest)) sent += 1;
        });
        if (channelFailures.length > 0) throw channelFailures[0];
      })),
    );
    if (people.length < PEOPLE_AT_ONCE) break;
    after = people.at(-1)!.id;
  }
  if (failures.length > 0)
    throw new AggregateError(
      failures,
      `${failures.length} digests could not be sent: ${String(failures[0])}`,
    );
  return { sent };
}

/** False: there is nothing new for this person on this channel. */
async function sendOnce(db: Db, { name: channel, send }: DigestChannel, digest: Digest): Promise<boolean> {
  const name = { userId: digest.person.id, channel };
  const newestAt = new Date(Math.max(...digest.waiting.map(({ createdAt }) => Date.parse(createdAt))));
  const before = await db.digest.findUnique({ where: { userId_channel: name } });
  if (before && before.newestAt >= newestAt) return false;
  await send(digest);
  await db.digest.upsert({
    where: { userId_channel: name },
    create: { ...name, newestAt },
    update: { newestAt },
  });
  return true;
}

function digestOf(person: Digest["person"], waiting: RequestView[]): Digest {
  const names = waiting.map(({ chatId, messageId, toolCallId }) => [chatId, messageId, toolCallId]);
  const digest = createHash("sha256").update(JSON.stringify([person.id, names]));
  return { id: `digest_${digest.digest("hex").slice(0, 32)}`, person, waiting };
}

function payloadOf({ id, person, waiting }: Digest) {
  return {
    type: "requests.digest",
    id,
    owner: person,
    inboxUrl: linkTo("/inbox"),
    // Without the proposed arguments: the page behind the link shows them.
    waiting: waiting.map(({ chatId, chatTitle, title, tool, createdAt, expiresAt }) => ({
      chatId,
      chatTitle,
      title,
      tool,
      createdAt,
      expiresAt,
      chatUrl: linkTo(`/chat/${chatId}`),
    })),
  };
}

async function mailTo({ id, person, waiting }: Digest): Promise<void> {
  if (person.email === null) return;
  const count = waiting.length === 1 ? "1 decision" : `${waiting.length} decisions`;
  const more = waiting.length - LISTED;
  const lines = waiting
    .slice(0, LISTED)
    .map(({ title, chatId }) => `- ${title}\n  ${linkTo(`/chat/${chatId}`)}`);
  await sendMail({
    to: person.email,
    // Without a title, which a model wrote: in a list of mails, a subject looks like our own words.
    subject: `${count} in Holdfast ${waiting.length === 1 ? "is" : "are"} waiting for you`,
    text: [
      `Waiting for you:\n\n${lines.join("\n")}`,
      ...(more > 0 ? [`And ${more} more.`] : []),
      `Decide all of them here:\n${linkTo("/inbox")}`,
    ]
      .join("\n\n")
      .concat("\n"),
    idempotencyKey: id,
  });
}

/** Null unless this site's address is configured: the host in a request is chosen by its sender. */
function linkTo(path: string): string | null {
  return env.BETTER_AUTH_URL ? new URL(path, env.BETTER_AUTH_URL).href : null;
}
