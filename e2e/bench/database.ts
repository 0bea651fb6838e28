import path from "node:path";
import pg from "pg";
import { startPostgres } from "@/lib/db/embedded-postgres";
import { migrate } from "@/prisma/migrate";
import type { Bench } from "./support/bench";
import { counting } from "./support/answer";
import { writeChat } from "./support/app";
import { pause } from "./support/clock";
import { OWNER, startEngine, type Engine } from "./support/engine";
import { figure } from "./support/statistics";

const SIZES = [10, 1_000];
const WARM_UP = 3;
const TURN = counting(20, 5);

/** The app's tables in a cluster of their own: what is written there is the conversation and nothing else. */
export const database: Bench = {
  name: "database",
  about: "what a turn writes, in a short chat and in a long one",
  async run(stage, { rounds }) {
    const cluster = await startPostgres({ dir: path.join(stage.folder, "app-postgres") });
    await migrate(cluster.url);
    const engine = await startEngine("ours", {
      databaseUrl: cluster.url,
      engineDatabaseUrl: await stage.freshDatabase(),
      folder: path.join(stage.folder, "database"),
    });
    const client = new pg.Client({ connectionString: cluster.url });
    await client.connect();
    const wal: number[][] = [];
    const writes: number[][] = [];
    try {
      for (const [index, size] of SIZES.entries()) {
        const chatId = `a-chat-of-${size}-messages`;
        await writeChat(engine.db, chatId, OWNER, size);
        const page = engine.open({ chatId });
        [wal[index], writes[index]] = [[], []];
        for (let turn = 0; turn < WARM_UP + rounds * 3; turn += 1) {
          const before = await written(client);
          await answer(page);
          await page.saved();
          await pause(60);
          const after = await written(client);
          // The first pages after a checkpoint are written whole; that is not the turn's.
          if (turn < WARM_UP) continue;
          wal[index].push((after.walBytes - before.walBytes) / 1024);
          writes[index].push(after.transactions - before.transactions);
        }
        await engine.endRuns();
      }
    } finally {
      await client.end();
      await engine.stop();
      await cluster.stop();
    }
    const short = (samples: number[]) => [{ name: "at 10 messages", figure: figure(samples) }];
    return [
      {
        what: "WAL per turn at 1,000 messages",
        unit: "KB",
        ours: figure(wal[1]!),
        others: short(wal[0]!),
        budget: { limit: 1.4, of: "ratio" },
      },
      {
        what: "writing transactions per turn at 1,000 messages",
        unit: "",
        ours: figure(writes[1]!),
        others: short(writes[0]!),
        budget: { limit: 2, of: "ours" },
        note: "database: the transcript's tables in a PostgreSQL of their own, without the engine's; transactions that write take an id, and those are counted",
      },
    ];
  },
};

async function answer(page: ReturnType<Engine["open"]>): Promise<void> {
  const { isWhole, text } = await page.ask(TURN);
  if (!isWhole) throw new Error(`The answer was ${JSON.stringify(text)}`);
}

async function written(client: pg.Client): Promise<{ walBytes: number; transactions: number }> {
  const { rows } = await client.query<{ wal: string; xid: string }>(
    "SELECT pg_current_wal_lsn() - '0/0' AS wal, pg_snapshot_xmax(pg_current_snapshot())::text AS xid",
  );
  return { walBytes: Number(rows[0]!.wal), transactions: Number(rows[0]!.xid) };
}
