"use client";

import Link from "next/link";
import { type ReactNode, use, useSyncExternalStore } from "react";
import { Markdown } from "@/components/chat/markdown/markdown";
import { SubAgentCard, type SubAgentState } from "@/components/chat/tools/sub-agent-card";
import type { ToolPart } from "@/components/chat/tools/tool-card";
import { type DelegateOutput, findingOf, stepsOf } from "@/lib/agent/sub-agents/delegate-output";
import { SubAgentsContext } from "./sub-agents";

export type DelegateProps = {
  part: ToolPart;
  /** The message with the call. */
  messageId: string;
  /** The sub-agent's requests to the person, pending or decided. */
  children?: ReactNode;
};

/** A sub-agent's work in the conversation: live while it works, then as its chat keeps it. */
export function Delegate({ part, messageId, children }: DelegateProps) {
  const { live, writing, canInspect } = use(SubAgentsContext);
  const message = useSyncExternalStore(
    live.subscribe,
    () => live.get(part.toolCallId),
    () => undefined,
  );
  const output = part.state === "output-available" ? (part.output as Partial<DelegateOutput>) : undefined;
  const input = part.input as { name?: string; task?: string } | undefined;
  const isWriting = writing === messageId;
  const isBroken = part.state === "output-error" || part.state === "output-denied";
  const isSettled = isBroken || output?.state === "done" || output?.state === "failed";
  // After a decision it works on before its output says so.
  const isLive = message !== undefined && isWriting && !isSettled;
  const parts = message?.parts ?? [];
  const words = isLive ? findingOf(parts) : (output?.result ?? "");
  return (
    <SubAgentCard
      name={output?.name ?? input?.name ?? "Sub-agent"}
      task={output?.task ?? input?.task ?? ""}
      state={isBroken ? "failed" : isLive ? "running" : stateOf(output, isWriting)}
      steps={isLive ? stepsOf(parts) : (output?.steps ?? [])}
      needsPerson={(output?.unknown ?? []).length > 0}
      inspectHref={
        canInspect && output?.session !== undefined
          ? `/inspect?session=${encodeURIComponent(output.session)}`
          : undefined
      }
      linkAs={Link}
    >
      {children}
      {words !== "" && (
        <Markdown text={words} isStreaming={isLive} idPrefix={part.toolCallId} className="text-sm" />
      )}
      {part.state === "output-error" && <p className="text-sm text-red">{part.errorText}</p>}
    </SubAgentCard>
  );
}

function stateOf(output: Partial<DelegateOutput> | undefined, isWriting: boolean): SubAgentState {
  const state = output?.state ?? "running";
  return state === "running" && !isWriting ? "stopped" : state;
}
