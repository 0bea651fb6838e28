import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createBundler } from "@/lib/engine/worker/bundler";
import { createEngine, type Engine } from "@/lib/engine/engine";
import type { EngineOptions } from "@/lib/engine/engine-options";
import { createProcessHost } from "@/lib/engine/worker/process-host";
import type { MachineName } from "@/lib/engine/worker/machines";
import type {
  AttemptEnd,
  CrashCode,
  CompletedWaitpoint,
  ExecuteOptions,
  TaskInfo,
  WorkerHost,
} from "@/lib/engine/worker/worker-host";
import { freshDatabase } from "./database";

export const TEST_SECRET_KEY = "tr_dev_test0123456789abcdefghij";

type TestEngineOptions = Partial<Omit<EngineOptions, "workers" | "databaseUrl">> & {
  /** Source of a task file that real workers run. Or `workers`; default: workers that do nothing by themselves. */
  tasks?: string;
  /** A folder of task files instead. */
  tasksDir?: string;
  workers?: WorkerHost;
  /** An existing database; default: a fresh one, dropped at the end. */
  databaseUrl?: string;
};

export type TestEngine = {
  engine: Engine;
  url: string;
  databaseUrl: string;
  /** Of the workers that this helper made; undefined with real ones. */
  fake: FakeWorkers;
  logs: string[];
  /** Ends the engine and starts another one on the same port and database. */
  restart(): Promise<void>;
  close(): Promise<void>;
};

/** The engine in this process, on a free port and a database of its own. */
export async function startTestEngine(options: TestEngineOptions = {}): Promise<TestEngine> {
  const { tasks, tasksDir, workers, databaseUrl, ...engineOptions } = options;
  const database = databaseUrl === undefined ? await freshDatabase({ migrated: false }) : undefined;
  const real = tasks !== undefined || tasksDir !== undefined ? await realTasks(tasks, tasksDir) : undefined;
  const fake = fakeWorkers();
  const logs: string[] = [];
  const start = async (port: number) =>
    createEngine({
      secretKey: TEST_SECRET_KEY,
      log: (event, fields) => void logs.push(`${event} ${JSON.stringify(fields ?? {})}`),
      ...engineOptions,
      port,
      databaseUrl: databaseUrl ?? database!.url,
      workers: workers ?? (real ? await real.host(logs) : fake),
    });
  const started: TestEngine = {
    engine: await start(engineOptions.port ?? 0),
    get url() {
      return started.engine.url;
    },
    databaseUrl: databaseUrl ?? database!.url,
    fake,
    logs,
    async restart() {
      await started.engine.close();
      started.engine = await start(started.engine.port);
    },
    async close() {
      await started.engine.close();
      await real?.close();
      await database?.drop();
    },
  };
  return started;
}

async function realTasks(source: string | undefined, folder: string | undefined) {
  const root = await mkdtemp(path.join(tmpdir(), "holdfast-engine-"));
  const tasksDir = folder ?? path.join(root, "tasks");
  if (source !== undefined) {
    await mkdir(tasksDir);
    await writeFile(path.join(tasksDir, "tasks.ts"), source);
  }
  const projectDir = path.resolve(import.meta.dirname, "../..");
  const bundler = await createBundler({
    projectDir,
    tasksDir,
    outDir: path.join(root, "bundles"),
    log: () => {},
  });
  return {
    host: (logs: string[]) =>
      createProcessHost({
        bundler,
        projectDir,
        log: (level, message, fields) => void logs.push(`worker ${level} ${fields?.runId ?? ""} ${message}`),
      }),
    async close() {
      await bundler.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** One attempt as a test sees it: what it was given, and the ways it can end. */
export type FakeAttempt = {
  runId: string;
  number: number;
  payload: Record<string, unknown>;
  /** `TRIGGER_API_URL` of the attempt: requests through it count as this run's. */
  apiUrl: string;
  waitpoints: CompletedWaitpoint[];
  killed: boolean;
  canceled: boolean;
  /** It is not to have the worker that is kept loaded. */
  leavesSpare: boolean;
  machine: MachineName;
  /** Reaches the task. Comes by itself, unless `fake.slow` says otherwise. */
  begin: () => void;
  end(end: AttemptEnd): void;
  complete(output?: string): void;
  crash(code?: CrashCode): void;
  neverStart(): void;
  park(parked: boolean): void;
};

type FakeWorkers = WorkerHost & {
  attempts: FakeAttempt[];
  /** While set, workers do not get to their task by themselves. */
  slow: boolean;
};

/** Workers that only remember what they were asked, for tests of the engine's own decisions. */
function fakeWorkers(taskIds: string[] = ["chat"]): FakeWorkers {
  const attempts: FakeAttempt[] = [];
  const tasks = new Map<string, TaskInfo>(taskIds.map((id) => [id, { id, filePath: `${id}.ts` }]));
  const fake: FakeWorkers = {
    attempts,
    slow: false,
    tasks: () => tasks,
    prompts: () => new Map(),
    version: () => "fake",
    adoptedAt: () => new Date(0),
    close: async () => {},
    execute(options: ExecuteOptions) {
      let ended = false;
      const end = (how: AttemptEnd) => {
        if (ended) return;
        ended = true;
        options.onEnd(how);
      };
      const { run, attempt: number } = options.execution;
      const gone: AttemptEnd = {
        kind: "crashed",
        code: "TASK_PROCESS_SIGNALED",
        message: "killed",
        exitCode: null,
        signal: "SIGKILL",
      };
      const attempt: FakeAttempt = {
        runId: run.id,
        number: number.number,
        payload: parsePayload(run.payload),
        apiUrl: options.env["TRIGGER_API_URL"]!,
        waitpoints: [],
        killed: false,
        canceled: false,
        leavesSpare: options.leavesSpare ?? false,
        machine: options.execution.machine.name,
        begin: () => options.onStarted(),
        end,
        complete: (output) => {
          const packet = output === undefined ? {} : { output };
          end({
            kind: "returned",
            result: { ok: true, id: run.id, outputType: "application/json", ...packet },
          });
        },
        crash: (code = "TASK_RUN_UNCAUGHT_EXCEPTION") =>
          end({ kind: "crashed", code, message: "boom", exitCode: 1, signal: null }),
        /** As one that was too slow, or that the kernel killed. */
        neverStart: () =>
          end({
            kind: "crashed",
            code: "TASK_PROCESS_NEVER_STARTED",
            message: "too slow",
            exitCode: null,
            signal: "SIGKILL",
          }),
        park: (parked) => options.onSuspendable(parked),
      };
      attempts.push(attempt);
      if (!fake.slow) queueMicrotask(attempt.begin);
      return {
        pid: undefined,
        version: "fake",
        resolveWaitpoint: (waitpoint) => void attempt.waitpoints.push(waitpoint),
        cancel: async () => {
          attempt.canceled = true;
          end(gone);
        },
        kill: async () => {
          attempt.killed = true;
          end(gone);
        },
      };
    },
  };
  return fake;
}

/** A trigger may send any text; only a session's payload is always an object. */
function parsePayload(text: string): Record<string, unknown> {
  try {
    return (JSON.parse(text) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}
