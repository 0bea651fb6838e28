/** Puts the parts together and starts them in the order in which they need each other. */
import { createAttempts } from "./runs/attempts";
import { createAuth } from "./http/auth";
import { createBlobs } from "./routes/blobs";
import { type BootOptions, createBoots } from "./runs/boots";
import { createContinuations } from "./runs/continuations";
import { connect, type Database, lockDatabase } from "./database";
import type { Failpoints } from "./failpoints";
import type { Route } from "./http/route";
import { listen } from "./http/listener";
import { type Log, withoutSecrets } from "./log";
import { createOpenStreams } from "./http/open-streams";
import { createOneTimeTokens } from "./http/one-time-tokens";
import { behaviorOf, type Mode } from "./mode";
import { promptRoutes } from "./routes/prompts";
import { createRemoval } from "./runs/removal";
import { createRetention } from "./streams/retention";
import { channelRoutes } from "./routes/channels";
import { inspectRoutes } from "./routes/inspect";
import { runStreamRoutes } from "./routes/run-streams";
import { runRoutes } from "./routes/runs";
import { sessionRoutes } from "./routes/sessions";
import { waitpointRoutes } from "./routes/waitpoints";
import { createRuns, type Run } from "./runs/runs";
import { createS2 } from "./routes/s2";
import { migrate } from "./schema";
import { type AccessRules, createServer, healthRoute } from "./http/server";
import { createSessions } from "./runs/sessions";
import { createSideChannels } from "./streams/side-channels";
import { createStreams } from "./streams/streams";
import { createWaitpoints } from "./runs/waitpoints";
import { createWatchdog } from "./runs/watchdog";
import type { WorkerHost } from "./worker/worker-host";

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
  maxWorkersPerKey?: number;
  /** How many streams the browsers of one person may hold open. */
  maxStreamsPerKey?: number;
  boots?: BootOptions;
  stopGraceMs?: number;
  silenceMs?: number;
  retentionMs?: number;
  /** `platform`: does only what Trigger.dev does. Default `embedded`. */
  mode?: Mode;
  /** How long a writer may collect chunks before it sends them; the delay a reader sees. */
  flushIntervalMs?: number;
  onFatal?: (reason: string) => void;
  /** For fault tests. */
  failpoints?: Failpoints;
};

export type Engine = {
  url: string;
  port: number;
  secretKey: string;
  /** All there are, for whoever has to say of each who may call it. */
  routes: readonly Pick<Route, "method" | "pattern">[];
  sweep(): Promise<void>;
  close(): Promise<void>;
};

export async function createEngine(options: EngineOptions): Promise<Engine> {
  const { secretKey, workers, host = "127.0.0.1" } = options;
  const log = withoutSecrets(options.log, secretKey);
  const access = { allowedHosts: [], allowedOrigins: [], ...options.access };
  const lock = await lockDatabase(options.databaseUrl, log, (reason) => options.onFatal?.(reason));
  const database = connect(options.databaseUrl, log);
  const flushIntervalMs = options.flushIntervalMs ?? 1;
  const behavior = behaviorOf(options.mode ?? "embedded");
  let url = "";
  let closed: Promise<void> | undefined;
  const engineUrl = () => url;

  try {
    await migrate(database);
  } catch (error) {
    await Promise.all([database.end(), lock.release()]);
    throw error;
  }

  const auth = createAuth(secretKey);
  const streams = createStreams(database, options.failpoints);
  const sessions = createSessions(database);
  const runs = createRuns(database);
  const blobs = createBlobs({ database, auth, engineUrl });
  const attempts = createAttempts({
    host: workers,
    runs,
    engineUrl,
    secretKey,
    maxWorkers: options.maxWorkers ?? 25,
    maxWorkersPerKey: options.maxWorkersPerKey ?? 6,
    isReclaimable: (runId) => waitpoints.isReclaimable(runId),
    onPressure: (runId) => void waitpoints.expireFor(runId).catch(logged("reclaiming failed")),
    onEnd: runEnded,
    boots: createBoots(options.boots),
    behavior,
    log,
  });
  const waitpoints = createWaitpoints({
    database,
    streams,
    deliver: (runId, waitpoint) => attempts.deliver(runId, waitpoint),
  });
  const continuations = createContinuations({ sessions, runs, streams, attempts, behavior, log });
  const watchdog = behavior.tendsSessions
    ? createWatchdog({
        sessions,
        streams,
        attempts,
        continuations,
        stopGraceMs: options.stopGraceMs ?? 10_000,
        silenceMs: options.silenceMs ?? 600_000,
        log,
      })
    : undefined;
  const s2 = createS2({
    streams,
    auth,
    mayWrite: (caller) => attempts.mayWrite(caller),
    onAppended: ({ runId }) => attempts.touch(runId),
    onFatal: ({ runId }, reason, status) => {
      log("run lost its writer", { run: runId, reason });
      const code = status >= 500 ? "STORE_UNAVAILABLE" : "WRITER_LOST";
      const error = { type: "INTERNAL_ERROR", code, message: reason };
      void attempts.kill(runId, { status: "CRASHED", error });
    },
    log,
  });
  const sideChannels = createSideChannels({ database, streams });
  const removal = createRemoval({ database, sessions, streams, attempts, continuations, log });
  const retention = createRetention({
    database,
    streams,
    intervalMs: options.retentionMs ?? 60_000,
    log,
  });

  const routes: Route[] = [
    ...s2.routes,
    ...channelRoutes({
      auth,
      sessions,
      streams,
      continuations,
      attempts,
      waitpoints,
      watchdog,
      sideChannels,
      openStreams: createOpenStreams(options.maxStreamsPerKey ?? 40),
      engineUrl,
      flushIntervalMs,
      behavior,
    }),
    ...runStreamRoutes({ auth, runs, streams, waitpoints, engineUrl, flushIntervalMs, behavior }),
    ...promptRoutes({ host: workers }),
    ...sessionRoutes({
      auth,
      sessions,
      continuations,
      attempts,
      waitpoints,
      blobs,
      removal,
      host: workers,
      behavior,
    }),
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
    healthRoute(health),
  ];
  const oneTimeTokens = createOneTimeTokens(database);
  const respond = createServer({ auth, oneTimeTokens, access, log, routes });

  const dead = await runs.crashAllLive("The engine was restarted");
  await waitpoints.recover();
  const listener = await listen({
    host,
    port: options.port ?? 0,
    onRequest: (request, response) => void respond(request, response).catch(logged("answering failed")),
    onStream: (stream, headers) => s2.appendSession(stream, headers),
    log,
  }).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  url = `http://${host.includes(":") ? `[${host}]` : host}:${listener.port}`;
  for (const run of dead) log("run ended", { run: run.id, session: run.sessionId, status: run.status });
  for (const run of await runs.unstarted()) attempts.start(run);
  await continuations.recover(dead);

  return {
    url,
    port: listener.port,
    secretKey,
    routes,
    sweep: () => retention.sweep(),
    close: () => (closed ??= shutDown()),
  };

  async function shutDown(): Promise<void> {
    attempts.close();
    await listener.close();
    await stop();
  }

  async function stop(): Promise<void> {
    attempts.close();
    watchdog?.close();
    waitpoints.close();
    retention.close();
    await workers.close();
    await database.end();
    await lock.release();
  }

  /** No ids and no content: whoever reaches the port may read it. */
  async function health() {
    const counts = { QUEUED: 0, EXECUTING: 0, WAITING: 0 };
    for (const { status } of attempts.all()) counts[status]++;
    const databaseMs = await responseTime(database);
    return {
      ok: databaseMs !== null,
      pid: process.pid,
      version: workers.version(),
      uptimeSeconds: Math.round(process.uptime()),
      runs: attempts.all().length,
      queued: counts.QUEUED,
      executing: counts.EXECUTING,
      waiting: counts.WAITING,
      databaseMs,
      ...listener.load(),
    };
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

/** Null: no answer, or not soon enough to be of use. */
async function responseTime(database: Database): Promise<number | null> {
  const asked = performance.now();
  const answer = database.query("select 1").then(
    () => true,
    () => false,
  );
  const late = new Promise<false>((resolve) => void setTimeout(resolve, 2_000, false).unref());
  return (await Promise.race([answer, late])) ? Math.round(performance.now() - asked) : null;
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
