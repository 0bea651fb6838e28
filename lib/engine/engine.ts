/** Builds the parts of the engine and starts them in the order of their dependencies. */
import { connect, lockDatabase } from "./database";
import { type EngineOptions, withDefaults } from "./engine-options";
import { createAuth } from "./http/auth";
import { listen } from "./http/listener";
import { createOneTimeTokens } from "./http/one-time-tokens";
import { createOpenStreams } from "./http/open-streams";
import type { Route } from "./http/route";
import { createServer } from "./http/server";
import { withoutSecrets } from "./log";
import { behaviorOf } from "./mode";
import { allRoutes } from "./routes/all";
import { createBlobs } from "./routes/blobs";
import { createS2 } from "./routes/s2";
import { createAttempts } from "./runs/attempts";
import { createBoots } from "./runs/boots";
import { createContinuations } from "./runs/continuations";
import { waitpointOf, writerLost } from "./runs/execution";
import { createRemoval } from "./runs/removal";
import { createRuns, type Run } from "./runs/runs";
import { createSchedules } from "./runs/schedules";
import { createSessions } from "./runs/sessions";
import { createWaitpoints } from "./runs/waitpoints";
import { createWatchdog } from "./runs/watchdog";
import { migrate } from "./schema";
import { createRetention } from "./streams/retention";
import { createSideChannels } from "./streams/side-channels";
import { createStreams } from "./streams/streams";

export type Engine = {
  url: string;
  port: number;
  secretKey: string;
  /** The route table, for tests that check each route. */
  routes: readonly Pick<Route, "method" | "pattern" | "access" | "input">[];
  sweep(): Promise<void>;
  close(): Promise<void>;
};

export async function createEngine(given: EngineOptions): Promise<Engine> {
  const options = withDefaults(given);
  const { secretKey, workers, host, access, parkLimitMs, flushIntervalMs } = options;
  const log = withoutSecrets(options.log, secretKey);
  const behavior = behaviorOf(options.mode);
  const lock = await lockDatabase(options.databaseUrl, log, options.onFatal);
  const database = connect(options.databaseUrl, log);
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
    maxWorkers: options.maxWorkers,
    maxWorkersPerKey: options.maxWorkersPerKey,
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
        stopGraceMs: options.stopGraceMs,
        silenceMs: options.silenceMs,
        log,
      })
    : undefined;
  const s2 = createS2({
    streams,
    auth,
    engineUrl,
    flushIntervalMs,
    mayWrite: (caller) => attempts.mayWrite(caller),
    onAppended: ({ runId }) => attempts.touch(runId),
    onFatal: ({ runId }, reason, status) => {
      log("run lost its writer", { run: runId, reason });
      void attempts.kill(runId, writerLost(reason, status));
    },
    log,
  });
  const schedules = createSchedules({ database, runs, attempts, host: workers, log });
  const removal = createRemoval({ database, sessions, streams, attempts, continuations, log });
  const retention = createRetention({ database, streams, intervalMs: options.retentionMs, log });

  const routes = allRoutes({
    database,
    auth,
    blobs,
    sessions,
    runs,
    streams,
    attempts,
    waitpoints,
    continuations,
    watchdog,
    removal,
    schedules,
    s2,
    sideChannels: createSideChannels({ database, streams }),
    openStreams: createOpenStreams(options.maxStreamsPerKey),
    host: workers,
    behavior,
    engineUrl,
    parkLimitMs,
    load: () => listener.load(),
  });
  const oneTimeTokens = createOneTimeTokens(database);
  const respond = createServer({ auth, oneTimeTokens, access, log, routes });

  const dead = await runs.crashAllLive("The engine was restarted");
  await waitpoints.recover();
  const listener = await listen({
    host,
    port: options.port,
    onRequest: (request, response) => void respond(request, response).catch(logged("answering failed")),
    onStream: s2.appendSession,
    log,
  }).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  url = `http://${host.includes(":") ? `[${host}]` : host}:${listener.port}`;
  for (const run of dead) log("run ended", { run: run.id, session: run.sessionId, status: run.status });
  for (const run of await runs.unstarted()) attempts.start(run);
  await continuations.recover(dead);
  void schedules.start();

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
    await schedules.close();
    watchdog?.close();
    waitpoints.close();
    retention.close();
    await workers.close();
    await database.end();
    await lock.release();
  }

  async function runEnded(run: Run): Promise<void> {
    await waitpoints.endOf(run.id);
    if (run.parentWaits && run.parentId !== null) attempts.deliver(run.parentId, waitpointOf(run));
    await continuations.runEnded(run);
  }

  function logged(event: string) {
    return (error: unknown) => log(event, { error: (error as Error).message });
  }
}
