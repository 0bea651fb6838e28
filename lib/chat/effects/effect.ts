/** What an effect is: one logical call of a tool, the states of its row, and an attempt to carry it out. */

/**
 * `started`: under way, or broken off and not noticed yet. `done`: it happened, and `output` is what it returned.
 * `failed`: it surely did not happen, and somebody knew. `unknown`: one of the two.
 */
export type EffectState = "started" | "done" | "failed" | "unknown";

/** One logical call of a tool. Two calls that say the same here are the same call. */
export type EffectCall = {
  chatId: string;
  /** The id of the user message that is being answered: it outlives every attempt at the answer. */
  turn: string;
  tool: string;
  input: unknown;
  /** The id of the answer that makes the call. */
  answerId?: string;
  /** Like the answer's id it changes when a turn is run again, except for a call that a person approved. */
  toolCallId?: string;
  /** A person approved exactly this call, so its answer and id count instead of its arguments. */
  approved?: boolean;
  runId?: string;
};

export type Attempt = {
  key: string;
  /** This caller, and no other that has the same call. */
  holder: string;
  call: EffectCall;
  leaseMs: number;
  safeToRepeat: boolean;
};

/** How an attempt ended. */
export type End = { state: "done"; output: unknown } | { state: "failed" | "unknown"; error: string };
