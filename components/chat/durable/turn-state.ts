import { humanize } from "../shared/json";
import { getToolName, isToolUIPart, type UIMessage } from "ai";

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
  if (isToolUIPart(part)) return part.state.startsWith("output-") ? "thinking" : "using-tool";
  return part.type === "text" || part.type === "reasoning" ? "answering" : undefined;
}

/** The tool that is at work, as a person would call it. */
export function runningTool(message: UIMessage | undefined): string | undefined {
  const part = message?.role === "assistant" ? message.parts.at(-1) : undefined;
  if (!part || !isToolUIPart(part) || part.state.startsWith("output-")) return undefined;
  return part.title || humanize(getToolName(part));
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
