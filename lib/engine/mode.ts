/**
 * Where this engine does more than the platform, or does it differently. The tests run the product in both modes:
 * in `platform` nobody but the product itself brings a dead run back.
 */
export type Mode = "embedded" | "platform";

export type Behavior = {
  /**
   * Answers what a run left behind: continues it, ends the turn of a canceled run, quarantines a message that keeps
   * breaking its runs, and replaces runs that hang. Without it a session stays as its run left it until somebody
   * appends to it or creates it again.
   */
  tendsSessions: boolean;
  /** A chat run has one attempt, whatever its task says about retries. */
  retriesChatRuns: boolean;
  /** How long a chat run that names no `ttl` may wait for a worker; undefined: as long as it takes, `ttl` or not. */
  chatRunTtl: string | undefined;
  /** A session's answer says what its run does now. */
  showsCurrentRun: boolean;
  /** A repeated append is answered with the number of the first one. */
  repeatsSeq: boolean;
  /** The status of an append to a closed session. */
  closedAppendStatus: 400 | 409;
  /** Between two signs of life on an idle stream. */
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
