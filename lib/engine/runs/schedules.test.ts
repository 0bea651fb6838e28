import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { startTestEngine, type TestEngine } from "@/e2e/support/engine";
import { engineClient, eventually } from "@/e2e/support/engine-client";
import { connect, type Database } from "../database";
import type { TaskInfo, WorkerHost } from "../worker/worker-host";
import type { Attempts } from "./attempts";
import { createRuns, type Run } from "./runs";
import { createSchedules } from "./schedules";

const TASKS = `
import { schedules } from "@trigger.dev/sdk";
export const hourly = schedules.task({ id: "hourly", cron: { pattern: "0 * * * *", timezone: "Europe/Oslo" },
  run: async ({ timestamp, lastTimestamp, timezone, upcoming, type }) => ({
    isDate: timestamp instanceof Date && upcoming.every((date) => date instanceof Date),
    at: timestamp.toISOString(), last: lastTimestamp?.toISOString(), timezone, upcoming: upcoming.length, type }) });
export const elsewhere = schedules.task({ id: "elsewhere", cron: { pattern: "0 * * * *", environments: ["PRODUCTION"] }, run: async () => {} });
export const manual = schedules.task({ id: "manual", run: async () => {} });
`;

describe("a schedule", () => {
  let test: TestEngine;
  let database: Database;
  let time: Date;
  let started: Run[];
  let info: TaskInfo;

  beforeAll(async () => {
    test = await startTestEngine();
    database = connect(test.databaseUrl, () => {});
  });
  afterAll(async () => {
    await database.end();
    await test.close();
  });
  beforeEach(async () => {
    started = [];
    time = new Date("2026-01-31T09:59:00Z");
    info = {
      id: `task-${crypto.randomUUID()}`,
      filePath: "x.ts",
      schedule: { cron: "0 * * * *", timezone: "UTC" },
    };
  });

  const at = (text: string) => void (time = new Date(`2026-01-31T${text}Z`));
  /** An engine that checks once and ends, as one that is killed would. */
  async function check() {
    const schedules = createSchedules({
      database,
      runs: createRuns(database),
      attempts: { start: (run) => void started.push(run) } as Partial<Attempts> as Attempts,
      host: { tasks: () => new Map([[info.id, info]]) } as Partial<WorkerHost> as WorkerHost,
      log: () => {},
      now: () => time,
    });
    await schedules.start();
    const [listed] = await schedules.list();
    await schedules.close();
    return listed!;
  }
  const ticks = () =>
    started.map(({ payload }) => {
      const { json } = JSON.parse(payload) as { json: { timestamp: string; lastTimestamp?: string } };
      return [json.timestamp.slice(11, 16), json.lastTimestamp?.slice(11, 16)];
    });

  it("begins with the engine that first knows it, and runs each tick once", async () => {
    expect(await check()).toMatchObject({ nextAt: "2026-01-31T10:00:00.000Z", lastRun: null });
    expect(ticks()).toEqual([]);
    at("10:00:00");
    await check();
    await check();
    at("10:59:59");
    await check();
    expect(ticks()).toEqual([["10:00", undefined]]);
    at("11:00:03");
    expect(await check()).toMatchObject({
      nextAt: "2026-01-31T12:00:00.000Z",
      lastRun: { id: started[1]?.id },
    });
    expect(ticks()).toEqual([
      ["10:00", undefined],
      ["11:00", "10:00"],
    ]);
  });

  it("runs the newest of the ticks that it missed", async () => {
    await check();
    at("13:30:00");
    await check();
    expect(ticks()).toEqual([["13:00", undefined]]);
  });

  it("runs a tick once in several engines, and after one that died between the run and its note", async () => {
    await check();
    at("10:00:00");
    await Promise.all([check(), check(), check()]);
    await database.query("update engine.schedules set last_tick = '2026-01-31T09:59:00Z' where task = $1", [
      info.id,
    ]);
    await check();
    expect(ticks()).toEqual([["10:00", undefined]]);
  });

  it("that is changed begins anew", async () => {
    await check();
    at("12:10:00");
    info = { ...info, schedule: { cron: "15 * * * *", timezone: "UTC" } };
    await check();
    expect(ticks()).toEqual([]);
    at("12:15:00");
    await check();
    expect(ticks()).toEqual([["12:15", undefined]]);
  });

  it("follows its time zone through a change of the clocks", async () => {
    info = { ...info, schedule: { cron: "30 8 * * *", timezone: "Europe/Oslo" } };
    time = new Date("2026-03-28T00:00:00Z");
    expect((await check()).nextAt).toBe("2026-03-28T07:30:00.000Z");
    time = new Date("2026-03-29T00:00:00Z");
    expect((await check()).nextAt).toBe("2026-03-29T06:30:00.000Z");
  });
});

describe.each(["embedded", "platform"] as const)("on an engine in %s mode, a scheduled task", (mode) => {
  let test: TestEngine;
  const { call, run } = engineClient(() => test);
  beforeAll(async () => {
    test = await startTestEngine({ tasks: TASKS, mode });
  }, 60_000);
  afterAll(() => test.close());

  it("runs when the engine is back, with the platform's payload, and the inspector shows it", async () => {
    const listed = async () => (await call("/inspect/schedules")).body["schedules"] as Record<string, any>[];
    await vi.waitFor(async () => expect(await listed()).toHaveLength(1), eventually);
    const database = connect(test.databaseUrl, () => {});
    await vi.waitFor(async () => {
      const { rowCount } = await database.query(
        "update engine.schedules set last_tick = now() - interval '3 hours' where task = 'hourly'",
      );
      expect(rowCount).toBe(1);
    }, eventually);
    await test.restart();
    await vi.waitFor(
      async () => expect((await listed())[0]!["lastRun"]).toMatchObject({ status: "COMPLETED" }),
      {
        ...eventually,
        timeout: 40_000,
      },
    );
    const [{ lastRun, ...schedule }] = (await listed()) as [Record<string, any>];
    expect(schedule).toEqual({
      task: "hourly",
      cron: "0 * * * *",
      timezone: "Europe/Oslo",
      nextAt: expect.stringMatching(/:00:00\.000Z$/),
    });
    const { output } = await run(lastRun["id"] as string);
    const hour = /^\d{4}-\d\d-\d\dT\d\d:00:00\.000Z$/;
    expect(output).toEqual({
      isDate: true,
      at: expect.stringMatching(hour),
      last: null,
      timezone: "Europe/Oslo",
      upcoming: 5,
      type: "DECLARATIVE",
    });
    await test.restart();
    await vi.waitFor(async () => expect(await listed()).toHaveLength(1), eventually);
    const { rows } = await database.query(
      "select count(*)::int as runs from engine.runs where task = 'hourly'",
    );
    expect(rows).toEqual([{ runs: 1 }]);
    await database.end();
  });
});
