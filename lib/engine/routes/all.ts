import type { Database } from "../database";
import type { Auth } from "../http/auth";
import type { OpenStreams } from "../http/open-streams";
import type { Route } from "../http/route";
import type { Behavior } from "../mode";
import type { Attempts } from "../runs/attempts";
import type { Continuations } from "../runs/continuations";
import type { Removal } from "../runs/removal";
import type { Runs } from "../runs/runs";
import type { Schedules } from "../runs/schedules";
import type { Sessions } from "../runs/sessions";
import type { Waitpoints } from "../runs/waitpoints";
import type { Watchdog } from "../runs/watchdog";
import type { SideChannels } from "../streams/side-channels";
import type { Streams } from "../streams/streams";
import type { WorkerHost } from "../worker/worker-host";
import type { Blobs } from "./blobs";
import { channelRoutes } from "./channels";
import { deploymentRoutes } from "./deployments";
import { healthRoute } from "./health";
import { inspectRoutes } from "./inspect";
import { promptRoutes } from "./prompts";
import { runStreamRoutes } from "./run-streams";
import { runRoutes } from "./runs";
import type { S2 } from "./s2";
import { sessionRoutes } from "./sessions";
import { waitpointRoutes } from "./waitpoints";

/** The parts of an engine that its routes work with. */
type Parts = {
  database: Database;
  auth: Auth;
  blobs: Blobs;
  sessions: Sessions;
  runs: Runs;
  streams: Streams;
  attempts: Attempts;
  waitpoints: Waitpoints;
  continuations: Continuations;
  watchdog: Watchdog | undefined;
  removal: Removal;
  schedules: Schedules;
  sideChannels: SideChannels;
  openStreams: OpenStreams;
  s2: S2;
  host: WorkerHost;
  behavior: Behavior;
  engineUrl: () => string;
  parkLimitMs: number;
  load: () => { connections: number; bufferedBytes: number };
};

/** Every route of the engine. The first match wins. */
export function allRoutes(parts: Parts): Route[] {
  return [
    ...parts.s2.routes,
    ...channelRoutes(parts),
    ...runStreamRoutes(parts),
    ...promptRoutes(parts),
    ...deploymentRoutes(parts),
    ...sessionRoutes(parts),
    ...runRoutes(parts),
    ...waitpointRoutes(parts),
    ...parts.blobs.routes,
    ...inspectRoutes({ ...parts, pending: parts.continuations.pending }),
    healthRoute(parts),
  ];
}
