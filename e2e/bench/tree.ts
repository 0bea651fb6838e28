import { moveBranch } from "@/lib/chat/tree/move-branch";
import { loadTranscript, type Transcript } from "@/lib/chat/tree/queries";
import { createDb, type Db } from "@/lib/db/client";
import type { Bench } from "./support/bench";
import { pressToShown } from "./press-to-shown";
import { now } from "./support/clock";
import type { Row } from "./support/report";
import { figure, median, percentile } from "./support/statistics";

const SIZES = [10, 100, 1_000, 10_000, 100_000];
const VERSIONS = [200, 2_000, 20_000];
const CALLS = 100;

type Walk = {
  what: string;
  /** The same work on trees of these sizes; the smallest is what the others are compared with. */
  sizes: number[];
  /** Of the largest tree, in milliseconds. */
  p95?: number;
  /** What is measured, and a check of what came. `call` counts up. */
  act: (db: Db, size: number, call: number) => Promise<() => boolean>;
};

const walks: Walk[] = [
  {
    what: "10 newest",
    sizes: SIZES,
    act: (db, size) => page(db, size, { limit: 10 }, { count: 10, last: size - 1 }),
  },
  {
    what: "50 newest",
    sizes: SIZES.slice(1),
    p95: 2,
    act: (db, size) => page(db, size, {}, { count: 50, last: size - 1 }),
  },
  {
    what: "50 before the newest",
    sizes: SIZES.slice(2),
    act: (db, size) => page(db, size, { before: `m${size - 60}` }, { count: 50, last: size - 61 }),
  },
  {
    what: "50 in the middle",
    sizes: SIZES.slice(2),
    act: (db, size) => page(db, size, { before: `m${size / 2}` }, { count: 50, last: size / 2 - 1 }),
  },
  {
    what: "switch to the other last answer",
    sizes: SIZES,
    async act(db, size, call) {
      const nodeId = call % 2 === 0 ? "other" : `m${size - 1}`;
      const { messages } = await moveBranch(
        db,
        { chatId: chatOf(size), userId: "owner" },
        { type: "switch", nodeId },
      );
      return () => messages.at(-1)?.id === nodeId;
    },
  },
];

export const tree: Bench = {
  name: "tree",
  about: "reading and switching branches, however large the tree",
  async run(stage, { rounds }) {
    const db = createDb(await stage.freshDatabase());
    try {
      await db.user.create({ data: { id: "owner", name: "Owner", email: "owner@example.com" } });
      for (const size of SIZES) await plant(db, size);
      for (const count of VERSIONS) await plantVersions(db, count);
      const rows: Row[] = [];
      for (const walk of [...walks, versions]) rows.push(...(await measure(db, walk, rounds)));
      return [...rows, ...(await pressToShown(stage, rounds))];
    } finally {
      await db.$disconnect();
    }
  },
};

/** How many stand in one place is told up to a limit, so a page is not longer for it. */
const versions: Walk = {
  what: "an answer with all its versions",
  sizes: VERSIONS,
  async act(db, count) {
    const transcript = await loadTranscript(db, versionsOf(count));
    return () => transcript?.versions[`v${count}`]?.ids.length === VERSIONS[0];
  },
};

async function measure(db: Db, { what, sizes, p95, act }: Walk, rounds: number): Promise<Row[]> {
  const medians = sizes.map((): number[] => []);
  const tails = sizes.map((): number[] => []);
  // The first round warms up.
  for (let round = 0; round <= rounds; round += 1) {
    const times = sizes.map((): number[] => []);
    for (let call = 0; call < CALLS; call += 1) {
      for (const [index, size] of sizes.entries()) {
        const from = now();
        const isRight = await act(db, size, call);
        times[index]!.push(now() - from);
        if (!isRight()) throw new Error(`${what}: not what was planted, of ${named(size)}`);
      }
    }
    if (round === 0) continue;
    for (const [index, samples] of times.entries()) {
      medians[index]!.push(median(samples));
      tails[index]!.push(percentile(samples, 0.95));
    }
  }
  const unit = "ms" as const;
  const least = { name: `of ${named(sizes[0]!)}`, figure: figure(medians[0]!) };
  return [
    ...sizes.slice(1).map((size, index) => ({
      what: `${what}, of ${named(size)}, p50`,
      unit,
      ours: figure(medians[index + 1]!),
      others: [least],
      budget: { limit: 1.5, of: "ratio" as const },
    })),
    ...(p95 === undefined
      ? []
      : [
          {
            what: `${what}, of ${named(sizes.at(-1)!)}, p95`,
            unit,
            ours: figure(tails.at(-1)!),
            budget: { limit: p95, of: "ours" as const },
          },
        ]),
  ];
}

function named(size: number): string {
  return size.toLocaleString("en-US");
}

function chatOf(size: number): string {
  return `chat-with-${size}-nodes`;
}

function versionsOf(count: number): string {
  return `chat-with-${count}-versions`;
}

/** A long branch with a fork at every tenth message, and two last answers. */
async function plant(db: Db, size: number): Promise<void> {
  const chatId = chatOf(size);
  await db.chat.create({
    data: { id: chatId, userId: "owner", headId: `m${size - 1}`, nextOrder: size + 1 },
  });
  await db.$executeRaw`
    INSERT INTO "Message" ("chatId", id, "messageId", "parentId", role, message, "order")
    SELECT ${chatId}, 'm' || n, 'm' || n,
      CASE WHEN n = 0 THEN NULL WHEN n % 10 = 1 AND n > 1 THEN 'm' || n - 2 ELSE 'm' || n - 1 END,
      CASE WHEN n % 2 = 0 THEN 'user' ELSE 'assistant' END,
      jsonb_build_object('id', 'm' || n, 'role', CASE WHEN n % 2 = 0 THEN 'user' ELSE 'assistant' END,
        'parts', jsonb_build_array(jsonb_build_object('type', 'text', 'text', repeat('words of message ' || n || ' ', 12)))),
      n
    FROM generate_series(0, ${size - 1}::int) n`;
  await db.$executeRaw`
    INSERT INTO "Message" ("chatId", id, "messageId", "parentId", role, message, "order")
    SELECT "chatId", 'other', 'other', "parentId", role, jsonb_set(message, '{id}', '"other"'), ${size}::int
    FROM "Message" WHERE "chatId" = ${chatId} AND id = ${`m${size - 1}`}`;
  await takeStock(db);
}

/** One question that was answered again and again. */
async function plantVersions(db: Db, count: number): Promise<void> {
  const chatId = versionsOf(count);
  await db.chat.create({ data: { id: chatId, userId: "owner", headId: `v${count}`, nextOrder: count + 1 } });
  await db.$executeRaw`
    INSERT INTO "Message" ("chatId", id, "messageId", "parentId", role, message, "order")
    SELECT ${chatId}, 'v' || n, 'v' || n, CASE WHEN n > 0 THEN 'v0' END,
      CASE WHEN n = 0 THEN 'user' ELSE 'assistant' END,
      jsonb_build_object('id', 'v' || n, 'role', CASE WHEN n = 0 THEN 'user' ELSE 'assistant' END, 'parts', '[]'::jsonb),
      n
    FROM generate_series(0, ${count}::int) n`;
  await takeStock(db);
}

/** After each: a connection that met a small table goes on reading all of it, row by row, as it grows. */
async function takeStock(db: Db): Promise<void> {
  await db.$executeRawUnsafe("VACUUM ANALYZE");
}

async function page(
  db: Db,
  size: number,
  options: Parameters<typeof loadTranscript>[2],
  expected: { count: number; last: number },
): Promise<() => boolean> {
  const transcript = await loadTranscript(db, chatOf(size), options);
  return () => holds(transcript, expected);
}

function holds(transcript: Transcript | null, { count, last }: { count: number; last: number }): boolean {
  return transcript?.messages.length === count && transcript.messages.at(-1)?.id === `m${last}`;
}
