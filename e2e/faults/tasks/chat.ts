/** The product's agent, on a database and with a tool that break when a test says so. */
import { createDb } from "@/lib/db";
import { tools } from "@/trigger/tools/execute";
import { breakEffects } from "../effect-moments";
import { strikes } from "../worker-faults";

const db = createDb();

// The client that `lib/db` will find: every save is a transaction of it, and nothing else in a worker is.
(globalThis as { holdfastDb?: typeof db }).holdfastDb = new Proxy(db, {
  get(target, key, receiver) {
    const value: unknown = Reflect.get(target, key, receiver);
    if (key !== "$transaction") return value;
    return (...args: unknown[]) => {
      if (strikes("save-fails")) return Promise.reject(new Error("This save fails on purpose."));
      return (value as (...args: unknown[]) => unknown).apply(target, args);
    };
  },
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

export const { chatAgent } = await import("@/trigger/chat");
