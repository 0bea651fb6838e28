/**
 * Runs the tasks that declare a cron schedule (`schedules.task`). Each tick runs once: its time is part of the run's
 * idempotency key, and the last tick is stored, so a restart neither repeats a tick nor forgets one. Of the ticks that
 * were missed while no engine ran, the newest is run, because a task that runs late needs no company.
 */
import { stringifyIO } from "@trigger.dev/core/v3";
import { Cron } from "croner";
import type { InspectedSchedule } from "@/lib/inspected";
import type { Database } from "../database";
import { callAt } from "../duration";
import type { Log } from "../log";
import type { WorkerHost } from "../worker/worker-host";
import type { Attempts } from "./attempts";
import type { Runs } from "./runs";

type Options = {
  database: Database;
  runs: Runs;
  attempts: Attempts;
  host: WorkerHost;
  log: Log;
  now?: () => Date;
};

type Scheduled = { task: string; cron: string; timezone: string };

/** A rebuild may change a schedule, so they are compared more often than the next tick requires. */
const CHECK_EVERY_MS = 15_000;
const SHOWN_UPCOMING = 5;

export type Schedules = ReturnType<typeof createSchedules>;

export function createSchedules({ database, runs, attempts, host, log, now = () => new Date() }: Options) {
  let cancelTimer: (() => void) | undefined;
  let checking: Promise<void> | undefined;
  let closed = false;

  return {
    /** Runs what is due, and waits for the next tick. */
    start: check,

    async list(): Promise<InspectedSchedule[]> {
      return Promise.all(
        declared().map(async ({ task, cron, timezone }) => {
          const last = await database.query<{
            id: string;
            status: string;
            created_at: Date;
            finished_at: Date | null;
          }>(
            `select id, status, created_at, finished_at from engine.runs
             where task = $1 and reason = 'schedule' order by created_at desc limit 1`,
            [task],
          );
          const [run] = last.rows;
          return {
            task,
            cron,
            timezone,
            nextAt: jobOf({ cron, timezone }).nextRun(now())?.toISOString() ?? null,
            lastRun: run
              ? {
                  id: run.id,
                  status: run.status,
                  createdAt: run.created_at.toISOString(),
                  finishedAt: run.finished_at?.toISOString() ?? null,
                }
              : null,
          };
        }),
      );
    },

    async close(): Promise<void> {
      closed = true;
      cancelTimer?.();
      await checking;
    },
  };

  function check(): Promise<void> {
    checking ??= runDue().finally(() => {
      checking = undefined;
      if (closed) return;
      const ticks = declared().flatMap((each) => jobOf(each).nextRun(now())?.getTime() ?? []);
      cancelTimer?.();
      cancelTimer = callAt(Math.min(...ticks, now().getTime() + CHECK_EVERY_MS), () => void check());
    });
    return checking;
  }

  async function runDue(): Promise<void> {
    for (const each of declared()) {
      // One that can't be run now is tried again soon, and holds no other one up.
      await runWhenDue(each).catch((error: unknown) =>
        log("schedule failed", { task: each.task, error: (error as Error).message }),
      );
    }
  }

  async function runWhenDue({ task, cron, timezone }: Scheduled): Promise<void> {
    const at = now();
    // A new or changed schedule begins now: its earlier ticks were never promised.
    const stored = await database.query<{ last_tick: Date; previous: Date | null }>(
      `insert into engine.schedules (task, cron, timezone, last_tick) values ($1, $2, $3, $4)
       on conflict (task) do update set cron = $2, timezone = $3,
         last_tick = case when schedules.cron = $2 and schedules.timezone = $3 then schedules.last_tick else $4 end,
         ran_at = case when schedules.cron = $2 and schedules.timezone = $3 then schedules.ran_at end
       returning last_tick, ran_at as previous`,
      [task, cron, timezone, at],
    );
    const { last_tick: lastTick, previous } = stored.rows[0]!;
    const job = jobOf({ cron, timezone });
    const first = job.nextRun(lastTick);
    if (first === null || first > at) return;
    // `previousRuns` leaves the given time itself out.
    const tick = job.previousRuns(1, new Date(at.getTime() + 1_000)).find((each) => each <= at) ?? first;
    const packet = await stringifyIO({
      type: "DECLARATIVE",
      scheduleId: `sched_${task}`,
      timestamp: tick,
      ...(previous && { lastTimestamp: previous }),
      timezone,
      upcoming: job.nextRuns(SHOWN_UPCOMING, at),
    });
    const { run, created } = await runs.create({
      task,
      reason: "schedule",
      payload: packet.data ?? "{}",
      payloadType: packet.dataType,
      tags: [],
      idempotencyKey: `schedule:${tick.toISOString()}`,
    });
    if (created) attempts.start(run);
    await database.query("update engine.schedules set last_tick = $2, ran_at = $2 where task = $1", [
      task,
      tick,
    ]);
    if (created) log("schedule ticked", { task, run: run.id, tick: tick.toISOString() });
  }

  function declared(): Scheduled[] {
    return [...host.tasks().values()].flatMap(({ id, schedule }) =>
      schedule ? [{ task: id, cron: schedule.cron, timezone: schedule.timezone }] : [],
    );
  }
}

function jobOf({ cron, timezone }: Pick<Scheduled, "cron" | "timezone">): Cron {
  return new Cron(cron, { timezone, paused: true });
}
