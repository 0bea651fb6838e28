import { humanize } from "../shared/json";
import { type DynamicToolUIPart, type ToolUIPart, type UIMessage, getToolName, isToolUIPart } from "ai";

/** What the turn is doing, as the page shows it. */
export type TurnState =
  | "idle"
  | "sending"
  | "queued"
  | "thinking"
  | "using-tool"
  | "answering"
  | "stalled"
  | "waiting"
  | "reconnecting"
  | "offline"
  | "recovered"
  | "stopped"
  | "failed";

/** What the newest part of an answer says about it, while it is written. Undefined while nothing of it can be seen. */
export function answerState(message: UIMessage | undefined): TurnState | undefined {
  const part = message?.role === "assistant" ? message.parts.at(-1) : undefined;
  if (!part) return undefined;
  if (isToolUIPart(part)) return runningPart(message) ? "using-tool" : "thinking";
  return part.type === "text" || part.type === "reasoning" ? "answering" : undefined;
}

/** The tool that is at work, as a person would call it. */
export function runningTool(message: UIMessage | undefined): string | undefined {
  const part = runningPart(message);
  return part && (part.title || humanize(getToolName(part)));
}

/** The newest call that is not over, if the answer ends with calls. One that reports its progress has outputs before. */
function runningPart(message: UIMessage | undefined): ToolUIPart | DynamicToolUIPart | undefined {
  if (message?.role !== "assistant") return undefined;
  const before = message.parts.findLastIndex((part) => !isToolUIPart(part));
  const calls = message.parts.slice(before + 1).filter((part) => isToolUIPart(part));
  return calls.findLast(({ state, ...part }) => !state.startsWith("output-") || isPreliminary(part));
}

function isPreliminary(part: object): boolean {
  return "preliminary" in part && part.preliminary === true;
}

/** An answer that has ended and cannot go on before somebody approves or answers a call in it. */
export function isWaitingForHuman(message: UIMessage | undefined): boolean {
  if (message?.role !== "assistant") return false;
  return message.parts.some(
    (part) =>
      isToolUIPart(part) &&
      (part.state === "approval-requested" || (part.state === "input-available" && !part.providerExecuted)),
  );
}
