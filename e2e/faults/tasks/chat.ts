/** The product's agent, on a database and with tools that break when a test says so. */
import { db } from "@/lib/db/client";
import { chatAgent } from "@/trigger/chat";
import { tools } from "@/trigger/tools/execute";
import { breakEffects } from "../effect-moments";
import { strikes } from "../worker-faults";

// Every save is a transaction of this client, and nothing else in a worker is.
const transaction = db.$transaction.bind(db) as (...args: unknown[]) => Promise<unknown>;
Object.assign(db, {
  $transaction: (...args: unknown[]) =>
    strikes("save-fails") ? Promise.reject(new Error("This save fails on purpose.")) : transaction(...args),
});

const weather = tools.weather.execute as (input: { city: string }, options: unknown) => unknown;
Object.assign(tools.weather, {
  async execute(input: { city: string }, options: unknown) {
    if (strikes("tool-exits")) process.exit(3);
    if (strikes("tool-runs-out-of-memory")) fillMemory();
    if (strikes("tool-hangs")) await new Promise((resolve) => setTimeout(resolve, 60_000));
    return weather(input, options);
  },
});

function fillMemory(): never {
  const hoard: unknown[] = [];
  for (;;) hoard.push(Array.from({ length: 100_000 }, (_, index) => ({ index })));
}

breakEffects();

export { chatAgent };
