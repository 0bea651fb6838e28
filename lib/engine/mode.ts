/**
 * The differences between this engine and the platform. The tests run the product in both modes: in `platform` the
 * engine never restarts a dead run on its own.
 */
export type Mode = "embedded" | "platform";

export type Behavior = {
  /**
   * The engine handles the input that a run left unanswered: it starts a continuation, ends the turn of a canceled run,
   * quarantines a message that keeps breaking its runs, and replaces frozen runs. Without it a session stays as its run
   * left it until the next append or create.
   */
  tendsSessions: boolean;
  /**
   * Chat runs follow the retry settings of their task. Otherwise they have one attempt, and a second one only after
   * they ran out of memory, if the agent names a larger machine (`oomMachine`).
   */
  retriesChatRuns: boolean;
  /** How long a chat run without a `ttl` may wait for a worker; undefined: no limit, even with a `ttl`. */
  chatRunTtl: string | undefined;
  /** A session's response includes the state of its current run. */
  showsCurrentRun: boolean;
  /** The response to a repeated append has the number of the first one. */
  repeatsSeq: boolean;
  /** The status of an append to a closed session. */
  closedAppendStatus: 400 | 409;
  /** Returns the time until the next heartbeat of an idle stream. */
  heartbeatMs: () => number;
};

const BEHAVIORS: Record<Mode, Behavior> = {
  embedded: {
    tendsSessions: true,
    retriesChatRuns: true,
    chatRunTtl: undefined,
    showsCurrentRun: true,
    repeatsSeq: true,
    closedAppendStatus: 409,
    heartbeatMs: () => 5_000,
  },
  platform: {
    tendsSessions: false,
    retriesChatRuns: false,
    chatRunTtl: "10m",
    showsCurrentRun: false,
    repeatsSeq: false,
    closedAppendStatus: 400,
    heartbeatMs: () => 5_000 + Math.random() * 10_000,
  },
};

export function behaviorOf(mode: Mode): Behavior {
  return BEHAVIORS[mode];
}
