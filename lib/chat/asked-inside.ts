/** The question of a sub-agent, which stands in the output of the tool that runs it. Light, because the page reads it, too. */
import type { DynamicToolUIPart, ToolUIPart } from "ai";

export type ToolPart = ToolUIPart | DynamicToolUIPart;

/** What a sub-agent asked, in the output of the tool that ran it. The output keeps it when the question is answered. */
export type AskedInside = { toolCallId: string; tool: string; input: unknown };

/** The question of a sub-agent in this call's output, and whether it still waits there. */
export function askedInside(part: ToolPart): (AskedInside & { waits: boolean }) | undefined {
  const output: unknown = part.state === "output-available" && !part.preliminary ? part.output : undefined;
  if (typeof output !== "object" || output === null || !("asked" in output) || !("state" in output))
    return undefined;
  const { toolCallId, tool, input } = output.asked as Partial<AskedInside>;
  if (typeof toolCallId !== "string" || typeof tool !== "string") return undefined;
  return { toolCallId, tool, input, waits: output.state === "waiting" };
}
