/** What the agent knows of the turn it is in. Made when the turn's context is read, dropped when the turn is saved. */
import { locals } from "@trigger.dev/sdk";
import type { UIMessageChunk } from "ai";
import type { FirstStep } from "@/lib/chat/head-start/head-starts";
import type { ChatMessage, ChatMetadata } from "@/lib/chat/message";

export type TurnState = {
  /** The turn's context was read. What fails before that was refused at the gate. */
  hasContext: boolean;
  /** An action asked for this answer. */
  isAsked: boolean;
  /** The message that the answer continues, when people decided what it had asked. */
  continued: ContinuedMessage | undefined;
  /** What the app's server has written of the answer already. */
  handedOver: HandedOver | undefined;
  /** The runtime's record of a compacted context and injected notes, as this turn's context found it. */
  savedState: unknown;
  /** The save of this turn's question, when it is a new one. The runtime would not wait for it. */
  questionSaved: Promise<void> | undefined;
  /** Resolves when it is known whether somebody stopped this turn before it began. */
  stopHeeded: Promise<void> | undefined;
  /** The model's stream ended in an error. */
  isBroken: boolean;
  /** Why this turn failed, in words for its reader. */
  failure: string | undefined;
  /** What the tools of this turn work for. */
  question: AnsweredQuestion | undefined;
  /** The ids of the calls by which this answer asks somebody something. */
  requests: Set<string>;
  /** What the sub-agents of this turn used, on top of what the agent itself uses. */
  delegated: ChatMetadata;
  /** By sub-agent, how many tasks this answer has given to it. */
  tasks: Map<string, number>;
};

export type HandedOver = { answerId: string; step: FirstStep };

export type AnsweredQuestion = {
  chatId: string;
  /** The id of the user message that is being answered. */
  turn: string;
  /** The id of the answer. */
  answerId: string;
  runId: string;
};

export type ContinuedMessage = {
  message: ChatMessage;
  /** What the page has not heard of it. */
  chunks: UIMessageChunk[];
  /** By tool call id, the arguments that a person put in place of the proposed ones. */
  edits: ReadonlyMap<string, unknown>;
  /** By tool call id, what a person said to a question. */
  answers: ReadonlyMap<string, unknown>;
};

/** What outlives a turn: facts about the run. */
export type RunState = {
  /** This run answers a question in whose answer its predecessor died. */
  isRecovering: boolean;
  /** The action whose answer this run has taken over. */
  takenOverAction: string | null;
  /** The input record of the newest stop that this run knows to be heeded. */
  heededStop: number;
};

const turn = locals.create<TurnState | undefined>("holdfast.turn");
const run = locals.create<RunState>("holdfast.run");

export function beginTurnState(known: Partial<TurnState> = {}): TurnState {
  const state: TurnState = {
    hasContext: false,
    isAsked: false,
    continued: undefined,
    handedOver: undefined,
    savedState: null,
    questionSaved: undefined,
    stopHeeded: undefined,
    isBroken: false,
    failure: undefined,
    question: undefined,
    requests: new Set(),
    delegated: {},
    tasks: new Map(),
    ...known,
  };
  locals.set(turn, state);
  return state;
}

/** The present turn's; a new one when none was begun. */
export function turnState(): TurnState {
  return locals.get(turn) ?? beginTurnState();
}

export function endTurnState(): void {
  locals.set(turn, undefined);
}

export function runState(): RunState {
  const known = locals.get(run);
  if (known) return known;
  const state: RunState = { isRecovering: false, takenOverAction: null, heededStop: -1 };
  locals.set(run, state);
  return state;
}
