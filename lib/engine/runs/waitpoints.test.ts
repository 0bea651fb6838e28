import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { freshDatabase } from "@/e2e/support/database";
import { eventually } from "@/e2e/support/engine-client";
import { connect, type Database } from "../database";
import { migrate } from "../schema";
import { createStreams } from "../streams/streams";
import { createWaitpoints } from "./waitpoints";

let fresh: Awaited<ReturnType<typeof freshDatabase>>;
let real: Database;
/** The same database, with outages of its updates. */
let database: Database;
let isAway = false;
/** Counts the attempts to write each waitpoint's end. */
const tries = new Map<string, number>();

beforeAll(async () => {
  fresh = await freshDatabase({ migrated: false });
  real = connect(fresh.url, () => {});
  await migrate(real);
  const query = (text: string, values: string[]) => {
    if (!text.startsWith("update")) return real.query(text, values);
    tries.set(values[0]!, triesOf(values[0]!) + 1);
    return isAway ? Promise.reject(new Error("the database is away")) : real.query(text, values);
  };
  database = Object.create(real, { query: { value: query } }) as Database;
});
afterAll(async () => {
  await real.end();
  await fresh.drop();
});
beforeEach(() => {
  isAway = false;
});

function open() {
  const waitpoints = createWaitpoints({ database, streams: createStreams(database), deliver: () => {} });
  onTestFinished(() => waitpoints.close());
  const token = async (timeoutMs: number) => (await waitpoints.token({ timeoutMs, tags: [] })).waitpoint.id;
  return { ...waitpoints, token };
}

function triesOf(id: string): number {
  return tries.get(id) ?? 0;
}

const until = (check: () => void | Promise<void>) => vi.waitFor(check, eventually);

it("asks again after a database that was away at the deadline", async () => {
  const waitpoints = open();
  const id = await waitpoints.token(50);
  isAway = true;
  await until(() => expect(triesOf(id)).toBeGreaterThan(1));
  isAway = false;
  await until(async () => expect(await waitpoints.get(id)).toMatchObject({ status: "TIMED_OUT" }));
});

it("has no timer left when the engine has ended: between two tries, before the first, and for a late one", async () => {
  const ended = open();
  const [failed, waiting] = [await ended.token(50), await ended.token(500)];
  const other = open();
  const clock = await other.token(50);
  isAway = true;
  await until(() => expect(triesOf(failed)).toBe(1));
  ended.close();
  const late = await ended.token(50);
  const before = triesOf(clock);
  await until(() => expect(triesOf(clock)).toBeGreaterThan(before + 2));
  expect([failed, waiting, late].map(triesOf)).toEqual([1, 0, 0]);
});
