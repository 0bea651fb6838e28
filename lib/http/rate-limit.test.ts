import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { testDatabase } from "@/e2e/support/chat-fixtures";
import { createDb } from "@/lib/db/client";
import { countAttempt, LimitError, sweepLimits, countUse, limitResponse } from "./rate-limit";

const shared = testDatabase();
let nobody = 0;
const stranger = () => `203.0.113.${(nobody += 1)}`;

beforeEach(() => {
  vi.stubEnv("LIMIT_MESSAGES", "3/60");
});
afterAll(() => vi.unstubAllEnvs());

const send = (who: { userId?: string; address?: string }, db = shared.db) => countUse("messages", who, db);

async function refusalsOf(attempts: Promise<void>[]): Promise<LimitError[]> {
  const results = await Promise.allSettled(attempts);
  return results.flatMap((result) => (result.status === "rejected" ? [result.reason as LimitError] : []));
}

describe("a limit", () => {
  it("lets as many through as it says, also when all come at once", async () => {
    const userId = crypto.randomUUID();
    const refusals = await refusalsOf(Array.from({ length: 20 }, () => send({ userId })));
    expect(refusals).toHaveLength(17);
    expect(refusals.every((refusal) => refusal instanceof LimitError)).toBe(true);
    await send({ userId: crypto.randomUUID() });
  });

  it("says in words when to try again, and the response says it to programs, too", async () => {
    const userId = crypto.randomUUID();
    const [refusal] = await refusalsOf(Array.from({ length: 4 }, () => send({ userId })));
    expect(refusal!.message).toMatch(
      /^You've sent a lot of messages in a short time\. Try again in \d+ seconds\.$/,
    );
    const response = limitResponse(refusal!);
    expect(response.status).toBe(429);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(Number(response.headers.get("retry-after"))).toBeLessThanOrEqual(60);
    expect(await response.json()).toMatchObject({ ok: false, error: refusal!.message });
  });

  it("counts by address, too: new names at one address do not multiply it", async () => {
    const address = stranger();
    const attempts = Array.from({ length: 20 }, () => send({ userId: crypto.randomUUID(), address }));
    expect(await refusalsOf(attempts)).toHaveLength(5);
    await send({ userId: crypto.randomUUID(), address: stranger() });
  });

  it("is forgiven by no restart and by no other server", async () => {
    const userId = crypto.randomUUID();
    for (let sent = 0; sent < 3; sent++) await send({ userId });
    const other = createDb(shared.url);
    await expect(send({ userId }, other)).rejects.toBeInstanceOf(LimitError);
    await other.$disconnect();
  });

  it("ends with its time", async () => {
    const key = crypto.randomUUID();
    const once = () => countAttempt("other", key, { count: 1, seconds: 1 }, shared.db);
    await once();
    await expect(once()).rejects.toThrow("Too many attempts. Try again in 1 second.");
    await vi.waitFor(once, { timeout: 10_000, interval: 100 });
  });

  it("counts each in a process of its own while the database is away", async () => {
    const away = createDb("postgresql://nobody@127.0.0.1:1/nothing");
    const userId = crypto.randomUUID();
    const refusals = await refusalsOf(Array.from({ length: 5 }, () => send({ userId }, away)));
    expect(refusals).toHaveLength(2);
    expect(refusals[0]).toBeInstanceOf(LimitError);
    await away.$disconnect();
  });

  it("can be switched off, and refuses a setting that it cannot read by name", async () => {
    const userId = crypto.randomUUID();
    vi.stubEnv("LIMIT_MESSAGES", "off");
    expect(await refusalsOf(Array.from({ length: 9 }, () => send({ userId })))).toEqual([]);
    vi.stubEnv("LIMIT_MESSAGES", "many");
    await expect(send({ userId })).rejects.toThrow(/LIMIT_MESSAGES/);
  });

  it("leaves no row behind when it counts no longer", async () => {
    const userId = crypto.randomUUID();
    await send({ userId });
    const key = { contains: userId };
    await sweepLimits(shared.db);
    expect(await shared.db.limitCounter.count({ where: { key } })).toBe(1);
    await shared.db.limitCounter.updateMany({ where: { key }, data: { expire: 1 } });
    await sweepLimits(shared.db);
    expect(await shared.db.limitCounter.count({ where: { key } })).toBe(0);
  });
});
