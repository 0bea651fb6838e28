/** Puts the parts together and starts them in the order in which they need each other. */
import { createAttempts } from "./attempts";
import { createAuth } from "./auth";
import { createBlobs } from "./blobs";
import { createContinuations } from "./continuations";
import { connect, lockDatabase } from "./database";
import { listen } from "./listener";
import type { Log } from "./log";
import { createRetention } from "./retention";
import { channelRoutes } from "./routes-channels";
import { inspectRoutes } from "./routes-inspect";
import { runStreamRoutes } from "./routes-run-streams";
import { runRoutes } from "./routes-runs";
import { sessionRoutes } from "./routes-sessions";
import { waitpointRoutes } from "./routes-waitpoints";
import { createRuns, type Run } from "./runs";
import { createS2 } from "./s2";
import { migrate } from "./schema";
import { type AccessRules, createServer, healthRoute } from "./server";
import { createSessions } from "./sessions";
import { createStreams } from "./streams";
import { createWaitpoints } from "./waitpoints";
import { createWatchdog } from "./watchdog";
import type { WorkerHost } from "./worker-host";

export type EngineOptions = {
  databaseUrl: string;
  secretKey: string;
  workers: WorkerHost;
  log: Log;
  host?: string;
  /** 0: any free port. */
  port?: number;
  access?: Partial<AccessRules>;
  /** How long a run may sleep on its channel before its process is given back. */
  parkLimitMs?: number;
  maxWorkers?: number;
  stopGraceMs?: number;
  silenceMs?: number;
  retentionMs?: number;
  /** How long a writer may collect chunks before it sends them; the delay a reader sees. */
  flushIntervalMs?: number;
  onFatal?: (reason: string) => void;
};

export type Engine = {
  url: string;
  port: number;
  secretKey: string;
  sweep(): Promise<void>;
  close(): Promise<void>;
};

export async function createEngine(options: EngineOptions): Promise<Engine> {
  const { secretKey, workers, log, host = "127.0.0.1" } = options;
  const access = { allowedHosts: [], allowedOrigins: [], ...options.access };
  const lock = await lockDatabase(options.databaseUrl, log, (reason) => options.onFatal?.(reason));
  const database = connect(options.databaseUrl, log);
  const flushIntervalMs = options.flushIntervalMs ?? 1;
  let url = "";
  const engineUrl = () => url;

  try {
    await migrate(database);
  } catch (error) {
    await Promise.all([database.end(), lock.release()]);
    throw error;
  }

  const auth = createAuth(secretKey);
  const streams = createStreams(database);
  const sessions = createSessions(database);
  const runs = createRuns(database);
  const blobs = createBlobs({ database, auth, engineUrl });
  const attempts = createAttempts({
    host: workers,
    runs,
    engineUrl,
    secretKey,
    maxWorkers: options.maxWorkers ?? 25,
    onPressure: (runId) => void waitpoints.expireFor(runId).catch(logged("reclaiming failed")),
    onEnd: runEnded,
    log,
  });
  const waitpoints = createWaitpoints({
    database,
    streams,
    deliver: (runId, waitpoint) => attempts.deliver(runId, waitpoint),
  });
  const continuations = createContinuations({ sessions, runs, streams, attempts, log });
  const watchdog = createWatchdog({
    sessions,
    streams,
    attempts,
    continuations,
    stopGraceMs: options.stopGraceMs ?? 10_000,
    silenceMs: options.silenceMs ?? 600_000,
    log,
  });
  const s2 = createS2({
    streams,
    auth,
    mayWrite: (caller) => attempts.mayWrite(caller),
    onAppended: ({ runId }) => attempts.touch(runId),
    onFatal: ({ runId }, reason) => {
      log("run lost its writer", { run: runId, reason });
      const error = { type: "INTERNAL_ERROR", code: "WRITER_LOST", message: reason };
      void attempts.kill(runId, { status: "CRASHED", error });
    },
    log,
  });
  const retention = createRetention({ database, streams, intervalMs: options.retentionMs ?? 60_000, log });

  const respond = createServer({
    auth,
    access,
    log,
    routes: [
      ...s2.routes,
      ...channelRoutes({
        auth,
        sessions,
        streams,
        continuations,
        attempts,
        waitpoints,
        watchdog,
        engineUrl,
        flushIntervalMs,
      }),
      ...runStreamRoutes({ auth, runs, streams, engineUrl, flushIntervalMs }),
      ...sessionRoutes({ auth, sessions, continuations, attempts, waitpoints, blobs, host: workers }),
      ...runRoutes({ runs, attempts, blobs, host: workers }),
      ...waitpointRoutes({
        auth,
        sessions,
        waitpoints,
        engineUrl,
        parkLimitMs: options.parkLimitMs ?? 300_000,
      }),
      ...blobs.routes,
      ...inspectRoutes({ database, sessions, runs, streams, attempts, pending: continuations.pending }),
      healthRoute(() => ({ pid: process.pid, runs: attempts.all().length, version: workers.version() })),
    ],
  });

  const dead = await runs.crashAllLive("The engine was restarted");
  await waitpoints.recover();
  const listener = await listen({
    host,
    port: options.port ?? 0,
    onRequest: (request, response) => void respond(request, response),
    onStream: (stream, headers) => s2.appendSession(stream, headers),
    log,
  }).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  url = `http://${host.includes(":") ? `[${host}]` : host}:${listener.port}`;
  for (const run of dead) log("run ended", { run: run.id, session: run.sessionId, status: run.status });
  await continuations.recover(dead);

  return {
    url,
    port: listener.port,
    secretKey,
    sweep: () => retention.sweep(),
    async close() {
      attempts.close();
      await listener.close();
      await stop();
    },
  };

  async function stop(): Promise<void> {
    attempts.close();
    watchdog.close();
    waitpoints.close();
    retention.close();
    await workers.close();
    await database.end();
    await lock.release();
  }

  async function runEnded(run: Run): Promise<void> {
    await waitpoints.endOf(run.id);
    if (run.parentWaits && run.parentId !== null) attempts.deliver(run.parentId, completedBy(run));
    await continuations.runEnded(run);
  }

  function logged(event: string) {
    return (error: unknown) => log(event, { error: (error as Error).message });
  }
}

function completedBy(run: Run) {
  const failed = run.status !== "COMPLETED";
  const output = failed
    ? JSON.stringify(run.error ?? { type: "STRING_ERROR", raw: `Run ${run.status}` })
    : run.output;
  return {
    id: run.id,
    index: 0,
    friendlyId: `waitpoint_${run.id}`,
    type: "RUN" as const,
    completedAt: run.finishedAt ?? new Date(),
    outputIsError: failed,
    completedByTaskRun: { id: run.id, friendlyId: run.id },
    ...(output === null
      ? {}
      : { output, outputType: failed ? "application/json" : (run.outputType ?? "application/json") }),
  };
}
