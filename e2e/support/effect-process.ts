/**
 * A process of its own that carries one effect out, for tests that kill it. It says `before`, `during` and `after` on
 * its standard output and waits for a line on its standard input before it goes on from each.
 */
import { createInterface } from "node:readline/promises";
import type { EffectCall } from "@/lib/chat/effects/effect";
import { runOnce, type EffectPolicy } from "@/lib/chat/effects/ledger";
import { createDb } from "@/lib/db/client";

const { databaseUrl, call, policy } = JSON.parse(process.argv[2]!) as {
  databaseUrl: string;
  call: EffectCall;
  policy: EffectPolicy;
};
const db = createDb(databaseUrl);
const commands = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function reach(moment: string): Promise<void> {
  console.log(moment);
  await commands.next();
}

const output = await runOnce(
  db,
  call,
  async (idempotencyKey) => {
    await reach("before");
    const { id } = await db.demoEntry.create({ data: { kind: "test", data: { idempotencyKey } } });
    await reach("during");
    return { id };
  },
  policy,
);
await reach("after");
console.log(JSON.stringify(output));
process.exit(0);
