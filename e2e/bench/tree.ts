import { loadTranscript } from "@/lib/chat/queries";
import { createDb, type Db } from "@/lib/db";
import type { Bench } from "./run";
import { now } from "./support/clock";
import { figure, median, percentile } from "./support/statistics";

const SIZES = [10, 10_000, 100_000];
const CALLS = 150;

export const tree: Bench = {
  name: "tree",
  about: "the newest page of a chat, however large its tree",
  async run(stage, { rounds }) {
    const db = createDb(await stage.freshDatabase());
    try {
      await db.user.create({ data: { id: "owner", name: "Owner", email: "owner@example.com" } });
      for (const size of SIZES) await plant(db, chatOf(size), size);
      await db.$executeRawUnsafe("VACUUM ANALYZE");

      // The same ten messages of a small and of a large tree, and the page of fifty that a reader gets.
      const pages = [...SIZES.map((size) => ({ size, limit: 10 })), { size: 100_000, limit: 50 }];
      const medians = pages.map((): number[] => []);
      const tails = pages.map((): number[] => []);
      for (let round = 0; round <= rounds; round += 1) {
        const times = pages.map((): number[] => []);
        for (let call = 0; call < CALLS; call += 1) {
          for (const [index, { size, limit }] of pages.entries()) {
            const from = now();
            const transcript = await loadTranscript(db, chatOf(size), { limit });
            times[index]!.push(now() - from);
            expectNewest(transcript?.messages, size, limit);
          }
        }
        // The first round warms up.
        if (round === 0) continue;
        for (const [index, samples] of times.entries()) {
          medians[index]!.push(median(samples));
          tails[index]!.push(percentile(samples, 0.95));
        }
      }
      const small = { name: "10 nodes", figure: figure(medians[0]!) };
      return [
        ...[1, 2].map((index) => ({
          what: `10 newest of ${SIZES[index]!.toLocaleString("en-US")} nodes, p50`,
          unit: "ms" as const,
          ours: figure(medians[index]!),
          others: [small],
          budget: { limit: 1.5, of: "ratio" as const },
        })),
        {
          what: "50 newest of 100,000 nodes, p95",
          unit: "ms",
          ours: figure(tails[3]!),
          budget: { limit: 2, of: "ours" },
        },
      ];
    } finally {
      await db.$disconnect();
    }
  },
};

function chatOf(size: number): string {
  return `chat-with-${size}-nodes`;
}

/** A long branch, and at every tenth message an answer that was given again. */
async function plant(db: Db, chatId: string, size: number): Promise<void> {
  await db.chat.create({ data: { id: chatId, userId: "owner", headId: `m${size - 1}`, nextOrder: size } });
  await db.$executeRaw`
    INSERT INTO "Message" ("chatId", id, "messageId", "parentId", role, message, "order")
    SELECT ${chatId}, 'm' || n, 'm' || n,
      CASE WHEN n = 0 THEN NULL WHEN n % 10 = 1 AND n > 1 THEN 'm' || n - 2 ELSE 'm' || n - 1 END,
      CASE WHEN n % 2 = 0 THEN 'user' ELSE 'assistant' END,
      jsonb_build_object('id', 'm' || n, 'role', CASE WHEN n % 2 = 0 THEN 'user' ELSE 'assistant' END,
        'parts', jsonb_build_array(jsonb_build_object('type', 'text', 'text', repeat('words of message ' || n || ' ', 12)))),
      n
    FROM generate_series(0, ${size - 1}::int) n`;
}

function expectNewest(messages: Array<{ id: string }> | undefined, size: number, limit: number): void {
  if (messages?.length === Math.min(size, limit) || (messages && size <= limit && messages.length > 0)) {
    if (messages.at(-1)?.id === `m${size - 1}`) return;
  }
  throw new Error(`The newest page of ${size} nodes was not what was planted`);
}
