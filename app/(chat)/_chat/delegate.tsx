"use client";

import type { ReactNode } from "react";
import { SubAgentCard } from "@/components/chat/tools/sub-agent-card";
import type { ToolPart } from "@/components/chat/tools/tool-card";
import type { DelegateOutput } from "@/lib/agent/delegate-output";

export type DelegateProps = {
  part: ToolPart;
  /** The sub-agent's request to the person, pending or decided. */
  children?: ReactNode;
};

/** A sub-agent's work in the conversation. */
export function Delegate({ part, children }: DelegateProps) {
  const output = part.state === "output-available" ? (part.output as Partial<DelegateOutput>) : undefined;
  const input = part.input as { name?: string; task?: string } | undefined;
  const isBroken = part.state === "output-error" || part.state === "output-denied";
  return (
    <SubAgentCard
      name={output?.name ?? input?.name ?? "Sub-agent"}
      task={output?.task ?? input?.task ?? ""}
      state={isBroken ? "failed" : (output?.state ?? "running")}
      steps={output?.steps ?? []}
    >
      {children}
      {output?.result && (
        <p dir="auto" className="text-sm wrap-anywhere whitespace-pre-wrap">
          {output.result}
        </p>
      )}
      {part.state === "output-error" && <p className="text-sm text-red">{part.errorText}</p>}
    </SubAgentCard>
  );
}
