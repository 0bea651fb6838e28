/** What the card of a sub-agent shows: live from its messages, and later from the output that its chat keeps. */
import { getToolName, isToolUIPart, type UIMessage } from "ai";
import type { PendingNestedRequest } from "@/lib/chat/requests/pending-calls";
import { unknownOutcomeOf, type NestedUnknownOutcome } from "@/lib/chat/effects/unknown-outcome";
import { sayStep, type StepState } from "./step-sentences";

/** One call of a sub-agent's tool. */
export type DelegateStep = {
  id: string;
  /** A sentence. */
  title: string;
  state: StepState;
};

export type DelegateOutput = {
  state: "running" | "waiting" | "done" | "failed";
  name: string;
  task: string;
  steps: DelegateStep[];
  /** What it found, or why it found nothing. */
  result?: string;
  /** What it has asked a person for this task, the oldest first. */
  requests?: PendingNestedRequest[];
  /** The effects whose outcome nobody knows, by its calls. */
  unknown?: NestedUnknownOutcome[];
  /** The id of its session. */
  session?: string;
  /** The question in its session that this call stands for. */
  ask?: string;
  /** What it has used for this task. */
  usage?: { inputTokens: number; outputTokens: number; cost: number | null };
};

type Parts = UIMessage["parts"];

/** The tool calls of a sub-agent's message as steps. `isOver`: nothing is running any more. */
export function stepsOf(parts: Parts, isOver = false): DelegateStep[] {
  return parts.flatMap((part) => {
    if (!isToolUIPart(part) || part.state === "input-streaming") return [];
    const { toolCallId: id, input, output } = part;
    const tool = getToolName(part);
    if (unknownOutcomeOf(output))
      return [{ id, title: `Outcome unknown: ${sayStep(tool, input, "running")}`, state: "failed" }];
    const state = stateOf(part.state, tool, isOver);
    return [{ id, title: sayStep(tool, input, state), state }];
  });
}

function stateOf(state: string, tool: string, isOver: boolean): StepState {
  if (state === "output-available") return "done";
  if (state === "output-error" || state === "output-denied") return "failed";
  if (state === "approval-requested") return "waiting";
  if (state === "input-available" && (tool === "askQuestion" || tool === "askDelivery")) return "waiting";
  return isOver ? "failed" : "running";
}

/** What it says after its last call; everything it says while it has said nothing after that. */
export function findingOf(parts: Parts): string {
  const lastCall = parts.findLastIndex((part) => isToolUIPart(part));
  return textOf(parts.slice(lastCall + 1)) || textOf(parts);
}

function textOf(parts: Parts): string {
  return parts
    .flatMap((part) => (part.type === "text" ? [part.text] : []))
    .join("")
    .trim();
}
