/**
 * Gives each attempt a process of its own. One spare worker is kept booted, so that a message does not wait for Node and
 * the bundle; it is refilled late, because booting beside the first answer would slow that answer down.
 */
import { fork, type ChildProcess } from "node:child_process";
import { constants, setPriority } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { Bundle, Bundler } from "./bundler";
import { createSourceStack } from "./source-stack";
import type { FromWorker, ToWorker } from "./worker";
import {
  type AttemptEnd,
  type AttemptResult,
  type CrashCode,
  type ExecuteOptions,
  NEVER_STARTED,
  type PromptInfo,
  type TaskInfo,
  type WorkerLog,
  type Worker,
  type WorkerHost,
} from "./worker-host";

export type ProcessHostOptions = {
  bundler: Bundler;
  projectDir: string;
  log: WorkerLog;
  poolSize?: number;
  /** JavaScript heap of one worker; beyond it the run ends with TASK_PROCESS_OOM_KILLED. */
  maxHeapMb?: number;
  refillMs?: number;
  /** What loading may take of a worker that no run is waiting for; one that has a run is told. */
  bootTimeoutMs?: number;
};

const longestBootMs = 600_000;
const cancelGraceMs = 3000;
const lastOutputMs = 250;
const stderrTailBytes = 4096;
const maxLineLength = 8192;

/** Resolves when the first worker has booted, or has shown that it cannot. */
export async function createProcessHost(options: ProcessHostOptions): Promise<WorkerHost> {
  const { bundler, log, poolSize = 1, refillMs = 1500 } = options;
  const all = new Set<WorkerProcess>();
  let warm: WorkerProcess[] = [];
  let bundle = bundler.current();
  let releaseBundle = bundler.retain(bundle);
  let tasks: ReadonlyMap<string, TaskInfo> = new Map();
  let prompts: ReadonlyMap<string, PromptInfo> = new Map();
  let refillTimer: NodeJS.Timeout | undefined;
  let closed = false;

  function spawn(from: Bundle, bootTimeoutMs = options.bootTimeoutMs ?? 30_000) {
    const release = bundler.retain(from);
    const worker = spawnWorker(from, { ...options, bootTimeoutMs });
    all.add(worker);
    void worker.gone.then(async () => {
      all.delete(worker);
      release();
      if (!warm.includes(worker)) return;
      warm = warm.filter((other) => other !== worker);
      const boot = await worker.booted;
      if (boot.ok) return refillLater();
      // Not after a failed boot: it would fail again, in a loop. The next execute or rebuild tries.
      log("error", `A worker did not start. ${boot.message}`);
    });
    return worker;
  }

  /**
   * A bundle that does not boot never becomes the current one: live chats should not meet a half-saved edit. One that
   * has not booted yet is no such bundle: the machine is busy, and the next worker gets more time.
   */
  async function adopt(next: Bundle, timeoutMs = options.bootTimeoutMs ?? 30_000): Promise<void> {
    const worker = spawn(next, timeoutMs);
    const boot = await worker.booted;
    if (closed || next.version !== bundler.current().version) return worker.kill();
    if (!boot.ok && boot.timedOut) {
      log("warn", `${boot.message} Trying again.`);
      return adopt(next, Math.min(timeoutMs * 2, longestBootMs));
    }
    if (!boot.ok) {
      log(
        "error",
        `The tasks do not load${tasks.size === 0 ? "" : ", still running the previous version"}. ${boot.message}`,
      );
      return;
    }
    for (const { id, filePaths } of boot.ready.collisions) {
      log("warn", `Task "${id}" is defined in ${filePaths.join(" and ")}: only the last one runs.`);
    }
    const outdated = warm;
    releaseBundle();
    releaseBundle = bundler.retain(next);
    bundle = next;
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
      // A run that waits for its worker comes first: a spare would only slow its loading down.
      if ([...all].some((worker) => worker.isAwaited())) return refillLater();
      while (!closed && warm.length < poolSize) warm.push(spawn(bundle));
    }, refillMs).unref();
  }

  function take(leavesSpare: boolean) {
    const worker = (leavesSpare ? undefined : warm.shift()) ?? spawn(bundle);
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
      return take(execution.leavesSpare ?? false).execute(execution);
    },
    tasks: () => tasks,
    prompts: () => prompts,
    version: () => bundle.version,
    async close() {
      closed = true;
      stopListening();
      clearTimeout(refillTimer);
      await Promise.all([...all].map((worker) => worker.kill()));
      releaseBundle();
    },
  };
}

type Boot =
  | { ok: true; ready: Extract<FromWorker, { type: "READY" }> }
  | { ok: false; message: string; timedOut: boolean };

type WorkerProcess = {
  booted: Promise<Boot>;
  gone: Promise<unknown>;
  /** A run has it and it is still loading. */
  isAwaited(): boolean;
  execute(options: ExecuteOptions): Worker;
  /** From now on it works when nobody else has to. */
  yield(): void;
  kill(): Promise<void>;
};

function spawnWorker(
  bundle: Bundle,
  { projectDir, log, maxHeapMb = 1024, bootTimeoutMs }: ProcessHostOptions & { bootTimeoutMs: number },
): WorkerProcess {
  const child = fork(bundle.file, [String(process.pid)], {
    cwd: projectDir,
    // Not the engine's own flags: it may run under tsx.
    execArgv: [`--max-old-space-size=${maxHeapMb}`],
    // JSON would turn the dates of an execution into strings.
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const sourceStack = createSourceStack(bundle.file, projectDir);
  let runId: string | undefined;
  let attempt: ExecuteOptions | undefined;
  let executing = false;
  let started = false;
  let bootTimer: NodeJS.Timeout | undefined;
  let bootTimedOutAfter: number | undefined;
  let result: AttemptResult | undefined;
  let uncaught: { message: string; stack?: string } | undefined;
  let spawnError: Error | undefined;
  let stderrTail = "";

  captureLines(child.stdout!, (line) => log("info", sourceStack(line), { runId }));
  captureLines(child.stderr!, (line) => {
    stderrTail = `${stderrTail}${line}\n`.slice(-stderrTailBytes);
    log("warn", sourceStack(line), { runId });
  });

  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.on("error", (error) => {
      // Without a pid the process never existed and no `exit` follows. Any other error is a send to a dead worker.
      if (child.pid !== undefined) return;
      spawnError = error;
      resolve();
    });
  });
  // The last lines say why it died. A process that the task left behind may hold the pipes open, hence the limit.
  const closedPipes = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const gone = exited.then(() => Promise.race([closedPipes, delay(lastOutputMs, undefined, { ref: false })]));

  let hasBooted = false;
  allowBoot(bootTimeoutMs);
  const booted = new Promise<Boot>((resolve) => {
    child.on("message", (message: FromWorker) => {
      switch (message.type) {
        case "READY":
          hasBooted = true;
          clearTimeout(bootTimer);
          resolve({ ok: true, ready: message });
          return;
        case "STARTED":
          started = true;
          attempt?.onStarted();
          return;
        case "SUSPENDABLE":
          attempt?.onSuspendable(message.suspendable);
          return;
        case "DONE":
          result = message.result;
          child.kill("SIGKILL");
          return;
        case "UNCAUGHT":
          uncaught = message;
          return;
      }
    });
    void gone.then(() => {
      clearTimeout(bootTimer);
      resolve({ ok: false, message: crash().message, timedOut: bootTimedOutAfter !== undefined });
    });
  });

  /** Starts the clock, or starts it again: the time that a spare spent before it was wanted is nobody's. */
  function allowBoot(timeoutMs: number) {
    clearTimeout(bootTimer);
    bootTimer = setTimeout(() => {
      bootTimedOutAfter = timeoutMs;
      child.kill("SIGKILL");
    }, timeoutMs).unref();
  }

  function send(message: ToWorker) {
    if (child.connected) child.send(message, () => {});
  }

  function crash(): Extract<AttemptEnd, { kind: "crashed" }> {
    const { exitCode, signalCode: signal } = child;
    const { code, message } = cause();
    const never = attempt !== undefined && !started;
    return { kind: "crashed", exitCode, signal, code: never ? NEVER_STARTED : code, message };
  }

  function cause(): { code: CrashCode; message: string } {
    const { exitCode, signalCode: signal } = child;
    if (/heap out of memory/.test(stderrTail)) {
      return {
        code: "TASK_PROCESS_OOM_KILLED",
        message: `The task used more than ${maxHeapMb} MB of memory.`,
      };
    }
    if (uncaught) {
      const message = sourceStack(withStack(uncaught));
      return { code: "TASK_RUN_UNCAUGHT_EXCEPTION", message };
    }
    if (bootTimedOutAfter !== undefined) {
      const message = `The task files did not finish loading within ${bootTimedOutAfter / 1000} s.`;
      return { code: "TASK_PROCESS_SIGNALED", message };
    }
    if (signal) {
      const when = started ? "" : " before the task began";
      return { code: "TASK_PROCESS_SIGNALED", message: `The task process was ended by ${signal}${when}.` };
    }
    const why = spawnError?.message ?? lastLine(stderrTail);
    const message = `The task process exited with code ${exitCode} before the task was done.${why ? ` ${why}` : ""}`;
    return { code: "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE", message };
  }

  function returned(value: AttemptResult): AttemptEnd {
    if (value.ok || !value.error.stackTrace) return { kind: "returned", result: value };
    const error = { ...value.error, stackTrace: sourceStack(value.error.stackTrace) };
    return { kind: "returned", result: { ...value, error } };
  }

  async function kill() {
    child.kill("SIGKILL");
    await gone;
  }

  return {
    booted,
    gone,
    isAwaited: () => attempt !== undefined && !hasBooted,
    kill,
    yield() {
      try {
        if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
      } catch {
        // Gone already, or a system without priorities: then all are equal.
      }
    },
    execute(options) {
      attempt = options;
      if (!hasBooted && options.bootTimeoutMs !== undefined && !child.killed)
        allowBoot(options.bootTimeoutMs);
      runId = options.execution.run.id;
      void booted.then((boot) => {
        if (!boot.ok || child.killed) return;
        executing = true;
        send({ type: "EXECUTE", execution: options.execution, env: options.env });
      });
      void gone.then(() => options.onEnd(result ? returned(result) : crash()));
      return {
        get pid() {
          return child.pid;
        },
        version: bundle.version,
        resolveWaitpoint: (waitpoint) => send({ type: "WAITPOINT", waitpoint }),
        async cancel() {
          if (executing) {
            send({ type: "CANCEL" });
            await Promise.race([exited, delay(cancelGraceMs, undefined, { ref: false })]);
          }
          await kill();
        },
        kill,
      };
    },
  };
}

function captureLines(stream: NonNullable<ChildProcess["stdout"]>, onLine: (line: string) => void) {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line) onLine(line.slice(0, maxLineLength));
    if (rest.length <= maxLineLength) return;
    onLine(rest.slice(0, maxLineLength));
    rest = "";
  });
  stream.on("end", () => {
    if (rest) onLine(rest.slice(0, maxLineLength));
  });
  // A reset pipe of a killed process is no news.
  stream.on("error", () => {});
}

function withStack({ message, stack }: { message: string; stack?: string }) {
  const frames = stack?.split("\n").filter((line) => /^\s+at /.test(line)) ?? [];
  return [message, ...frames.slice(0, 8)].join("\n");
}

function lastLine(text: string) {
  return text.trim().split("\n").at(-1) ?? "";
}
