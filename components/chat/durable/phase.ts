/**
 * The state of a chat page, and the reducer that changes it. Activities overlap (a message is sent while another tab's
 * answer is still being read), so each is counted, and the phase names the first one of a fixed order. Every activity
 * has one event that begins it and one that ends it, so every phase has an exit.
 */

/** What a chat page is doing. The diagram in durable-chat.ts shows the transitions. */
export type Phase = "idle" | "connecting" | "delivering" | "following" | "settling" | "stopping" | "failed";

/** How the last answer ended, if the page must say so. */
export type Outcome = "recovered" | "stopped" | "failed";

type Activity = Exclude<Phase, "idle" | "failed">;

export type ChatState = {
  phase: Phase;
  /** How many of each are under way. */
  active: Readonly<Record<Activity, number>>;
  /** The stream that is read may bring nothing: no pending state is shown before its first chunk. */
  isQuiet: boolean;
  outcome: Outcome | undefined;
  /** `Chat` holds the error of the last request or stream. */
  hasError: boolean;
};

export type ChatEvent =
  /** The page waits for a token and for pending input. */
  | { type: "connect" }
  | { type: "connected" }
  /** A message is on its way to the engine. */
  | { type: "send" }
  /** The engine has stored it, or never got it. */
  | { type: "delivered" }
  /** A stream is read to its end. */
  | { type: "follow"; isQuiet?: boolean }
  /** The first chunk of an answer arrived. */
  | { type: "answer-began" }
  | { type: "followed" }
  /** The saved transcript is loaded to replace the shown messages. */
  | { type: "settle" }
  | { type: "settled" }
  /** A stop is on its way to the engine. */
  | { type: "stop" }
  | { type: "stopped" }
  /** The status of a saved transcript, which is now shown. */
  | { type: "saved"; status: string }
  /** How the answer ended; undefined clears it. */
  | { type: "outcome"; outcome: Outcome | undefined }
  /** Whether `Chat` holds an error. */
  | { type: "error"; hasError: boolean };

/** The phase is the first of these that is under way. */
const ORDER = ["stopping", "connecting", "delivering", "following", "settling"] as const;

const BEGINS = {
  connect: "connecting",
  send: "delivering",
  follow: "following",
  settle: "settling",
  stop: "stopping",
} as const;
const ENDS = {
  connected: "connecting",
  delivered: "delivering",
  followed: "following",
  settled: "settling",
  stopped: "stopping",
} as const;

export function initialState(transcriptStatus: string): ChatState {
  const isFailed = transcriptStatus === "failed";
  return {
    phase: isFailed ? "failed" : "idle",
    active: { connecting: 0, delivering: 0, following: 0, settling: 0, stopping: 0 },
    isQuiet: false,
    outcome: isFailed ? "failed" : undefined,
    hasError: false,
  };
}

/**
 * Returns the state after an event. Pure. Throws for an end without a beginning, because a negative count would hide an
 * activity forever.
 */
export function reduce(state: ChatState, event: ChatEvent): ChatState {
  const next = withPhase(changed(countActivity(state, event), event));
  return isSame(state, next) ? state : next;
}

/** Whether the page shows that it expects or receives an answer. */
export function isExpecting({ active, isQuiet, hasError }: ChatState): boolean {
  return active.following > 0 && !isQuiet && !hasError;
}

/** Whether no activity is under way. Only then does the page listen for other writers. */
export function isAtRest({ phase }: ChatState): boolean {
  return phase === "idle" || phase === "failed";
}

function countActivity(state: ChatState, { type }: ChatEvent): ChatState {
  if (type in BEGINS) return count(state, BEGINS[type as keyof typeof BEGINS], 1);
  if (type in ENDS) return count(state, ENDS[type as keyof typeof ENDS], -1);
  return state;
}

function count(state: ChatState, activity: Activity, by: 1 | -1): ChatState {
  const number = state.active[activity] + by;
  if (number < 0) throw new Error(`The activity "${activity}" ended without having begun.`);
  return { ...state, active: { ...state.active, [activity]: number } };
}

function changed(state: ChatState, event: ChatEvent): ChatState {
  switch (event.type) {
    case "send":
      return { ...state, isQuiet: false, outcome: undefined };
    case "follow": {
      // A second, silent stream doesn't hide a first one that is already shown.
      const isQuiet = event.isQuiet === true && (state.active.following === 1 || state.isQuiet);
      return { ...state, isQuiet, outcome: isQuiet ? state.outcome : undefined };
    }
    case "answer-began":
      return { ...state, isQuiet: false };
    case "followed":
      return state.active.following === 0 ? { ...state, isQuiet: false } : state;
    case "stop":
      return { ...state, isQuiet: false, outcome: "stopped" };
    case "saved":
      if (event.status === "failed") return { ...state, outcome: "failed" };
      return event.status === "idle" && state.outcome === "failed" ? { ...state, outcome: undefined } : state;
    case "outcome":
      return { ...state, outcome: event.outcome };
    case "error":
      return { ...state, hasError: event.hasError };
    case "connect":
    case "connected":
    case "delivered":
    case "settle":
    case "settled":
    case "stopped":
      return state;
  }
}

function withPhase(state: ChatState): ChatState {
  const foremost = ORDER.find((activity) => state.active[activity] > 0);
  const hasFailed = state.hasError || state.outcome === "failed";
  return { ...state, phase: foremost ?? (hasFailed ? "failed" : "idle") };
}

function isSame(one: ChatState, other: ChatState): boolean {
  return (
    one.isQuiet === other.isQuiet &&
    one.outcome === other.outcome &&
    one.hasError === other.hasError &&
    ORDER.every((activity) => one.active[activity] === other.active[activity])
  );
}
