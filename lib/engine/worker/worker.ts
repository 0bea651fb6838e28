/**
 * The program of a worker process: it registers the SDK's managers, loads the task files, then executes one attempt. The
 * engine never imports it; the bundler makes it the entry of every bundle.
 */
import {
  apiClientManager,
  clock,
  heartbeats,
  inputStreams,
  lifecycleHooks,
  localsAPI,
  logger,
  realtimeStreams,
  resourceCatalog,
  runMetadata,
  runtime,
  runTimelineMetrics,
  sessionStreams,
  taskContext,
  TaskRunContext,
  type TaskRunExecution,
  timeout,
  traceContext,
  usage,
  waitUntil,
} from "@trigger.dev/core/v3";
import { TriggerTracer } from "@trigger.dev/core/v3/tracer";
import {
  ConsoleInterceptor,
  DevUsageManager,
  DurableClock,
  NO_FILE_CONTEXT,
  OtelTaskLogger,
  SharedRuntimeManager,
  StandardHeartbeatsManager,
  StandardInputStreamManager,
  StandardLifecycleHooksManager,
  StandardLocalsManager,
  StandardMetadataManager,
  StandardRealtimeStreamsManager,
  StandardResourceCatalog,
  StandardRunTimelineMetricsManager,
  StandardSessionStreamManager,
  StandardTraceContextManager,
  StandardWaitUntilManager,
  TaskExecutor,
  type TracingSDK,
  UsageTimeoutManager,
} from "@trigger.dev/core/v3/workers";
import { isMachine } from "./machines";
import type { AttemptResult, CompletedWaitpoint, Execution, PromptInfo, TaskInfo } from "./worker-host";

type TaskFile = { filePath: string; load: () => Promise<unknown> };

export type ToWorker =
  | { type: "EXECUTE"; execution: Execution; env: Record<string, string> }
  | { type: "WAITPOINT"; waitpoint: CompletedWaitpoint }
  | { type: "CANCEL" };

export type FromWorker =
  | {
      type: "READY";
      tasks: TaskInfo[];
      prompts: PromptInfo[];
      collisions: { id: string; filePaths: string[] }[];
    }
  /** The execution has arrived. From now on the task may be the cause of a crash. */
  | { type: "STARTED" }
  | { type: "SUSPENDABLE"; suspendable: boolean }
  | { type: "DONE"; result: AttemptResult }
  | { type: "UNCAUGHT"; message: string; stack?: string };

type Managers = ReturnType<typeof registerManagers>;

/** Shorter than the host's grace period, so that a well-behaved worker exits on its own. */
const cancelGraceMs = 2500;
const metadataFlushMs = 2000;

let suspendable = false;
let running: Promise<unknown> | undefined;
const cancellation = new AbortController();

export async function startWorker(files: TaskFile[], parentPid: number) {
  exitWithParent(parentPid);
  process.on("uncaughtException", (error) => exitWithError(describeError(error)));

  const managers = registerManagers();
  const loaded = loadTasks(files);
  process.on("message", (message: ToWorker) => {
    switch (message.type) {
      case "EXECUTE":
        send({ type: "STARTED" });
        running = loaded.then(() => execute(message.execution, message.env, managers));
        running.catch((error: unknown) => exitWithError(describeError(error)));
        return;
      case "WAITPOINT":
        void managers.runtime.resolveWaitpoints([message.waitpoint]);
        return;
      case "CANCEL":
        void cancel();
    }
  });

  const spareWork = await loaded;
  const tasks = resourceCatalog.listTaskManifests();
  send({
    type: "READY",
    tasks: tasks.map(({ id, filePath, retry, machine, schedule }) => {
      const oomMachine = retry?.outOfMemory?.machine;
      return {
        id,
        filePath,
        ...(retry ? { retry: { maxAttempts: retry.maxAttempts } } : {}),
        ...(isMachine(machine?.preset) ? { machine: machine.preset } : {}),
        ...(isMachine(oomMachine) ? { oomMachine } : {}),
        ...(runsHere(schedule) ? { schedule: { cron: schedule.cron, timezone: schedule.timezone } } : {}),
      };
    }),
    prompts: resourceCatalog
      .listPromptManifests()
      .map(({ id, content, model, config }) => ({ id, content: content ?? "", model, config })),
    collisions: resourceCatalog.listTaskIdCollisions(),
  });
  // After READY, so that it delays no run. A worker that already has a run skips it.
  if (!running) for (const whenSpare of spareWork) void whenSpare();
}

type Schedule = ReturnType<typeof resourceCatalog.listTaskManifests>[number]["schedule"];

/** This engine is a development environment, and a schedule may be for others only. */
function runsHere(schedule: Schedule): schedule is NonNullable<Schedule> {
  return schedule !== undefined && (schedule.environments?.includes("DEVELOPMENT") ?? true);
}

/** Registers every manager that does not depend on the run, so that a spare worker has done it in advance. */
function registerManagers() {
  localsAPI.setGlobalLocalsManager(new StandardLocalsManager());
  lifecycleHooks.setGlobalLifecycleHooksManager(new StandardLifecycleHooksManager());
  runTimelineMetrics.setGlobalManager(new StandardRunTimelineMetricsManager());
  const usageManager = new DevUsageManager();
  usage.setGlobalUsageManager(usageManager);
  timeout.setGlobalManager(new UsageTimeoutManager(usageManager));
  resourceCatalog.setGlobalResourceCatalog(new StandardResourceCatalog());
  const trace = new StandardTraceContextManager();
  traceContext.setGlobalManager(trace);
  clock.setGlobalClock(new DurableClock());
  waitUntil.setGlobalManager(new StandardWaitUntilManager(60_000));
  heartbeats.setGlobalManager(new StandardHeartbeatsManager(30_000));

  const runtimeManager = new SharedRuntimeManager({ send: forward } as never, false);
  runtime.setGlobalRuntimeManager(runtimeManager);

  // A tracer without a provider records nothing. TracingSDK would need an OpenTelemetry collector.
  const tracer = new TriggerTracer({ name: "holdfast", version: "1" });
  const taskLogger = tracerLogger(tracer);
  logger.setGlobalTaskLogger(
    new OtelTaskLogger({ logger: taskLogger, tracer, level: "info", maxAttributeCount: 256 }),
  );
  return {
    runtime: runtimeManager,
    usage: usageManager,
    trace,
    tracer,
    // Interception off: the host captures stdout and stderr.
    console: new ConsoleInterceptor(taskLogger, true, true, 256),
  };
}

/** `logger` is private in the types, and `@opentelemetry/api-logs` cannot be imported from a project that does not depend on it. */
function tracerLogger(tracer: TriggerTracer) {
  return (tracer as unknown as { logger: ConstructorParameters<typeof ConsoleInterceptor>[0] }).logger;
}

/** Receives the messages of the runtime manager. Its debug logs are dropped. */
async function forward(type: string, payload: { suspendable?: boolean }) {
  if (type !== "SET_SUSPENDABLE") return;
  suspendable = payload.suspendable === true;
  send({ type: "SUSPENDABLE", suspendable });
}

/** Resolves with the `whenSpare` exports of the task files: work for a worker that has no run. */
async function loadTasks(files: TaskFile[]): Promise<(() => unknown)[]> {
  const spareWork: (() => unknown)[] = [];
  for (const { filePath, load } of files) {
    // Without a file context the catalog ignores every `task()` silently.
    resourceCatalog.setCurrentFileContext(filePath, filePath);
    try {
      const { whenSpare } = (await load()) as { whenSpare?: unknown };
      if (typeof whenSpare === "function") spareWork.push(whenSpare as () => unknown);
    } catch (error) {
      const { message, stack } = describeError(error);
      exitWithError({ message: `${filePath} could not be loaded: ${message}`, stack });
      return new Promise<never>(() => {});
    }
  }
  resourceCatalog.clearCurrentFileContext();
  return spareWork;
}

async function execute(execution: Execution, env: Record<string, string>, managers: Managers) {
  Object.assign(process.env, env);
  const task = resourceCatalog.getTask(execution.task.id);
  if (!task) {
    const message = `No task "${execution.task.id}" in this bundle.`;
    return finish({
      ok: false,
      id: execution.run.id,
      error: { type: "INTERNAL_ERROR", code: "COULD_NOT_FIND_TASK", message },
    });
  }

  // These managers capture the API client, so they are created after the environment is set.
  const client = apiClientManager.clientOrThrow();
  const baseUrl = apiClientManager.baseURL ?? "";
  const metadata = new StandardMetadataManager(client);
  runMetadata.setGlobalManager(metadata);
  const streams = new StandardRealtimeStreamsManager(client, baseUrl, false);
  realtimeStreams.setGlobalManager(streams);
  const inputs = new StandardInputStreamManager(client, baseUrl, false);
  inputs.setRunId(execution.run.id, "v2");
  inputStreams.setGlobalManager(inputs);
  sessionStreams.setGlobalManager(new StandardSessionStreamManager(client, baseUrl, false));
  waitUntil.register({
    requiresResolving: () => streams.hasActiveStreams(),
    promise: (timeoutMs) => streams.waitForAllStreams(timeoutMs),
  });

  managers.trace.traceContext = execution.run.traceContext;
  const ctx = TaskRunContext.parse(execution);
  const { version } = execution.run;
  taskContext.setGlobalTaskContext({
    ctx,
    worker: { id: version, contentHash: version, version, engine: "V2" },
    isWarmStart: false,
  });
  metadata.runId = execution.run.id;
  metadata.runIdIsRoot = !execution.run.parentTaskRunId;
  metadata.startPeriodicFlush(1000);
  managers.usage.setInitialState({ cpuTime: 0, costInCents: 0 });
  const measurement = usage.start();
  const limit = timeout.abortAfterTimeout(execution.run.maxDuration);

  const executor = new TaskExecutor(task, {
    tracer: managers.tracer,
    tracingSDK: undefined as unknown as TracingSDK,
    consoleInterceptor: managers.console,
    retries: {
      enabledInDev: true,
      default: { maxAttempts: 3, minTimeoutInMs: 300, maxTimeoutInMs: 1000, factor: 1.5 },
    },
    isWarmStart: false,
    executionCount: 1,
  });
  resourceCatalog.setCurrentFileContext(NO_FILE_CONTEXT, NO_FILE_CONTEXT);
  const { result } = await executor.execute(
    execution as TaskRunExecution,
    ctx,
    AbortSignal.any([cancellation.signal, limit.signal]),
  );
  usage.stop(measurement);
  await Promise.race([metadata.flush(), delay(metadataFlushMs)]);
  finish(result as AttemptResult);
}

function finish(result: AttemptResult) {
  // A canceled run has no result: the host waits for the exit in `cancel`.
  if (!cancellation.signal.aborted) send({ type: "DONE", result });
}

async function cancel() {
  cancellation.abort("run canceled");
  // A parked run does not react to the abort signal, so its end is not awaited.
  const unwound = suspendable ? undefined : running?.catch(() => {});
  await Promise.race([
    Promise.allSettled([lifecycleHooks.callOnCancelHookListeners(), unwound]),
    delay(cancelGraceMs),
  ]);
  process.exit(0);
}

function send(message: FromWorker, sent: () => void = () => {}) {
  if (!process.connected) return sent();
  process.send?.(message, undefined, undefined, sent);
}

function exitWithError({ message, stack }: { message: string; stack?: string }) {
  send({ type: "UNCAUGHT", message, stack }, () => process.exit(1));
}

function describeError(error: unknown) {
  if (!(error instanceof Error)) return { message: String(error) };
  return { message: `${error.name}: ${error.message}`, stack: error.stack };
}

/**
 * Exits with the engine. The poll covers a channel that closed without a `disconnect` event. Ctrl-C reaches the whole
 * process group, so the worker ignores it and leaves the decision to the engine.
 */
function exitWithParent(parentPid: number) {
  process.on("SIGINT", () => {});
  process.on("disconnect", () => process.exit(0));
  setInterval(() => {
    if (process.ppid !== parentPid) process.exit(0);
  }, 1000).unref();
}

function delay(ms: number) {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
