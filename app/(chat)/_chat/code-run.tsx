"use client";

import { CodeRunCard, type CodeRunState } from "@/components/chat/tools/code-run-card";
import type { ToolPart } from "@/components/chat/tools/tool-card";
import type { CodeRunOutput } from "@/lib/agent/code-run";

export type CodeRunProps = {
  part: ToolPart;
  /** Whether the answer with this call is still being written. */
  isStreaming: boolean;
};

/** A call of `runCode` in the conversation. */
export function CodeRun({ part, isStreaming }: CodeRunProps) {
  const input = part.input as { language?: unknown; code?: unknown } | undefined;
  const output =
    part.state === "output-available" ? (part.output as Partial<CodeRunOutput> | null) : undefined;
  const result =
    output ?? (part.state === "output-error" ? { error: { message: part.errorText } } : undefined);
  return (
    <CodeRunCard
      language={typeof input?.language === "string" ? input.language : ""}
      code={typeof input?.code === "string" ? input.code : ""}
      state={stateOf(part, output, isStreaming)}
      result={result}
    />
  );
}

function stateOf(
  part: ToolPart,
  output: Partial<CodeRunOutput> | null | undefined,
  isStreaming: boolean,
): CodeRunState {
  switch (part.state) {
    case "output-available":
      return output?.state === "failed" ? "failed" : "done";
    case "output-error":
    case "output-denied":
      return "failed";
    case "input-streaming":
      return isStreaming ? "preparing" : "unfinished";
    case "input-available":
    case "approval-requested":
    case "approval-responded":
      return isStreaming ? "running" : "unfinished";
  }
}
