/**
 * One worker process: boots a bundle, runs one attempt in it, and says how the attempt ended. A process that dies takes
 * only its own run with it.
 */
import { type ChildProcess, fork } from "node:child_process";
import { constants, setPriority } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { Bundle } from "./bundler";
import { heapMbOf, type MachineName } from "./machines";
import { createSourceStack } from "./source-stack";
import type { FromWorker, ToWorker } from "./worker";
import {
  type AttemptEnd,
  type AttemptResult,
  type CrashCode,
  type ExecuteOptions,
  NEVER_STARTED,
  type Worker,
  type WorkerLog,
} from "./worker-host";

const cancelGraceMs = 3000;
const lastOutputMs = 250;
const stderrTailBytes = 4096;
const maxLineLength = 8192;

/** How the boot of a worker went. */
type Boot =
  | { ok: true; ready: Extract<FromWorker, { type: "READY" }> }
  | { ok: false; message: string; timedOut: boolean };

export type WorkerProcess = {
  booted: Promise<Boot>;
  gone: Promise<unknown>;
  /** True while a run waits for this worker to load. */
  isAwaited(): boolean;
  execute(options: ExecuteOptions): Worker;
  /** Lowers the priority of the process for good. */
  yield(): void;
  kill(): Promise<void>;
};

type SpawnOptions = { projectDir: string; log: WorkerLog; machine: MachineName; bootTimeoutMs: number };

export function spawnWorker(
  bundle: Bundle,
  { projectDir, log, machine, bootTimeoutMs }: SpawnOptions,
): WorkerProcess {
  const maxHeapMb = heapMbOf(machine);
  const child = fork(bundle.file, [String(process.pid)], {
    cwd: projectDir,
    // Without this the worker inherits the engine's flags, which may load tsx.
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
      // Without a pid the process never existed, and no `exit` follows. Any other error comes from sending to a dead worker.
      if (child.pid !== undefined) return;
      spawnError = error;
      resolve();
    });
  });
  // The last lines of output explain the crash. A process that the task left behind may hold the pipes open, so the wait is limited.
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

  /** Starts the boot timeout, or restarts it when a run takes a spare worker that is still loading. */
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
    const { code, message } = crashCause();
    const neverStarted = attempt !== undefined && !started;
    return { kind: "crashed", exitCode, signal, code: neverStarted ? NEVER_STARTED : code, message };
  }

  function crashCause(): { code: CrashCode; message: string } {
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

  function returnedEnd(value: AttemptResult): AttemptEnd {
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
        // The process is gone, or the system has no priorities.
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
      void gone.then(() => options.onEnd(result ? returnedEnd(result) : crash()));
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
  // The pipe of a killed process may be reset.
  stream.on("error", () => {});
}

function withStack({ message, stack }: { message: string; stack?: string }) {
  const frames = stack?.split("\n").filter((line) => /^\s+at /.test(line)) ?? [];
  return [message, ...frames.slice(0, 8)].join("\n");
}

function lastLine(text: string) {
  return text.trim().split("\n").at(-1) ?? "";
}
