/**
 * Gives each attempt a process of its own. One spare worker is kept loaded, so that a message does not wait for Node and
 * the bundle. A used spare is replaced late, because booting beside the first answer would slow that answer down.
 */
import type { Bundle, Bundler } from "./bundler";
import { DEFAULT_MACHINE, type MachineName } from "./machines";
import type { PromptInfo, TaskInfo, WorkerHost, WorkerLog } from "./worker-host";
import { spawnWorker, type WorkerProcess } from "./worker-process";

export type ProcessHostOptions = {
  bundler: Bundler;
  projectDir: string;
  log: WorkerLog;
  poolSize?: number;
  refillMs?: number;
  /** The boot timeout of a spare worker. A worker with a run gets its timeout from the run. */
  bootTimeoutMs?: number;
};

type SpawnOptions = { machine?: MachineName; bootTimeoutMs?: number };

const longestBootMs = 600_000;

/** Resolves when the first worker has booted, or has failed to. */
export async function createProcessHost(options: ProcessHostOptions): Promise<WorkerHost> {
  const { bundler, log, poolSize = 1, refillMs = 1500 } = options;
  const all = new Set<WorkerProcess>();
  let warm: WorkerProcess[] = [];
  let bundle = bundler.current();
  let releaseBundle = bundler.retain(bundle);
  let tasks: ReadonlyMap<string, TaskInfo> = new Map();
  let prompts: ReadonlyMap<string, PromptInfo> = new Map();
  let adoptedAt = new Date();
  let refillTimer: NodeJS.Timeout | undefined;
  let closed = false;

  function spawn(
    from: Bundle,
    { machine = DEFAULT_MACHINE, bootTimeoutMs = options.bootTimeoutMs ?? 30_000 }: SpawnOptions = {},
  ) {
    const release = bundler.retain(from);
    const worker = spawnWorker(from, { ...options, machine, bootTimeoutMs });
    all.add(worker);
    void worker.gone.then(async () => {
      all.delete(worker);
      release();
      if (!warm.includes(worker)) return;
      warm = warm.filter((other) => other !== worker);
      const boot = await worker.booted;
      if (boot.ok) return refillLater();
      // After a failed boot the spare is not replaced, because the next boot would fail too. A run or a rebuild tries again.
      log("error", `A worker could not start. ${boot.message}`);
    });
    return worker;
  }

  /**
   * Makes a bundle the current one after it has booted once, so that a half-saved edit never reaches a live chat. A boot
   * that only times out is repeated with more time, because the machine may be busy.
   */
  async function adopt(next: Bundle, timeoutMs = options.bootTimeoutMs ?? 30_000): Promise<void> {
    const worker = spawn(next, { bootTimeoutMs: timeoutMs });
    const boot = await worker.booted;
    if (closed || next.version !== bundler.current().version) return worker.kill();
    if (!boot.ok && boot.timedOut) {
      log("warn", `${boot.message} Trying again.`);
      return adopt(next, Math.min(timeoutMs * 2, longestBootMs));
    }
    if (!boot.ok) {
      log(
        "error",
        `The task files failed to load${tasks.size === 0 ? "" : ", so the previous version keeps running"}. ${boot.message}`,
      );
      return;
    }
    for (const { id, filePaths } of boot.ready.collisions) {
      log(
        "warn",
        `Task "${id}" is defined in ${filePaths.join(" and ")}. Only the last one runs; rename the other.`,
      );
    }
    const outdated = warm;
    releaseBundle();
    releaseBundle = bundler.retain(next);
    bundle = next;
    adoptedAt = new Date();
    tasks = new Map(boot.ready.tasks.map((task) => [task.id, task]));
    prompts = new Map(boot.ready.prompts.map((prompt) => [prompt.id, prompt]));
    warm = [];
    if (poolSize > 0) warm.push(worker);
    else await worker.kill();
    for (const old of outdated) void old.kill();
    refillLater();
  }

  function refillLater() {
    if (closed || refillTimer || warm.length >= poolSize) return;
    refillTimer = setTimeout(() => {
      refillTimer = undefined;
      // A run that waits for its worker comes first: a spare would slow down its boot.
      if ([...all].some((worker) => worker.isAwaited())) return refillLater();
      while (!closed && warm.length < poolSize) warm.push(spawn(bundle));
    }, refillMs).unref();
  }

  /** The spare worker has the heap of the default machine, which a process can't change. */
  function takeWorker(leavesSpare: boolean, machine: MachineName) {
    const mayTakeSpare = !leavesSpare && machine === DEFAULT_MACHINE;
    const worker = (mayTakeSpare ? warm.shift() : undefined) ?? spawn(bundle, { machine });
    if (leavesSpare) worker.yield();
    refillLater();
    return worker;
  }

  const stopListening = bundler.onChange((next) => {
    adopt(next).catch((error: Error) =>
      log("error", `Could not start version ${next.version}: ${error.message}`),
    );
  });
  await adopt(bundle);

  return {
    execute(execution) {
      if (closed)
        throw new Error(`The worker host is closed: run ${execution.execution.run.id} was not started.`);
      const { leavesSpare = false } = execution;
      return takeWorker(leavesSpare, execution.execution.machine.name).execute(execution);
    },
    tasks: () => tasks,
    prompts: () => prompts,
    version: () => bundle.version,
    adoptedAt: () => adoptedAt,
    async close() {
      closed = true;
      stopListening();
      clearTimeout(refillTimer);
      await Promise.all([...all].map((worker) => worker.kill()));
      releaseBundle();
    },
  };
}
