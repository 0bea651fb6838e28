import { type Failpoints, noFailpoints } from "./failpoints";
import type { AccessRules } from "./http/server";
import type { Log } from "./log";
import type { Mode } from "./mode";
import type { BootOptions } from "./runs/boots";
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
  /** How long a run may wait for input before its process is given back. */
  parkLimitMs?: number;
  maxWorkers?: number;
  maxWorkersPerKey?: number;
  /** How many streams the browsers of one person may hold open. */
  maxStreamsPerKey?: number;
  boots?: BootOptions;
  stopGraceMs?: number;
  silenceMs?: number;
  retentionMs?: number;
  /** `platform`: behaves as Trigger.dev does. Default `embedded`. */
  mode?: Mode;
  /** How long a writer may collect chunks before it sends them; readers see answers that much later. */
  flushIntervalMs?: number;
  onFatal?: (reason: string) => void;
  /** For fault tests. */
  failpoints?: Failpoints;
};

const DEFAULTS = {
  host: "127.0.0.1",
  port: 0,
  parkLimitMs: 300_000,
  maxWorkers: 25,
  maxWorkersPerKey: 6,
  maxStreamsPerKey: 40,
  boots: {},
  stopGraceMs: 10_000,
  silenceMs: 600_000,
  retentionMs: 60_000,
  mode: "embedded",
  flushIntervalMs: 1,
  onFatal: () => {},
  failpoints: noFailpoints,
} satisfies Partial<EngineOptions>;

/** An option that is undefined counts as not given. */
export function withDefaults(options: EngineOptions) {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const access: AccessRules = { allowedHosts: [], allowedOrigins: [], ...options.access };
  return { ...DEFAULTS, ...(given as EngineOptions), access } as Required<EngineOptions> & {
    access: AccessRules;
  };
}
