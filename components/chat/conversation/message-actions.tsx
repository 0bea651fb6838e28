"use client";

import type { ReactNode } from "react";
import type { UIMessage } from "ai";
import { GitFork, Pencil, RefreshCw } from "lucide-react";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { cn } from "@/lib/utils";
import { BranchSwitcher, type BranchSwitcherProps } from "./branch-switcher";

export type MessageActionsProps = {
  message: UIMessage;
  /** Given if the reader may edit the message. */
  onEdit?: (() => void) | undefined;
  /** Given if the answer may be regenerated. */
  onRegenerate?: (() => void) | undefined;
  /** Given if the conversation may continue from this message. */
  onContinue?: (() => void) | undefined;
  /** Absent while the message has only one version. */
  version?: Pick<BranchSwitcherProps, "index" | "count" | "onPrevious" | "onNext"> | undefined;
  /** Shown after the buttons: model, tokens, cost. */
  meta?: ReactNode;
};

/** The row of actions under a message. */
export function MessageActions({
  message,
  onEdit,
  onRegenerate,
  onContinue,
  version,
  meta,
}: MessageActionsProps) {
  const hasText = message.parts.some((part) => part.type === "text" && part.text.trim() !== "");
  return (
    <>
      {hasText && <CopyButton text={() => textOf(message)} />}
      {onEdit && (
        <Action data-slot="edit-button" label="Edit message" onPress={onEdit}>
          <Pencil aria-hidden />
        </Action>
      )}
      {onRegenerate && (
        <Action label="Regenerate" onPress={onRegenerate}>
          <RefreshCw aria-hidden />
        </Action>
      )}
      {onContinue && (
        <Action label="Continue from here" onPress={onContinue}>
          <GitFork aria-hidden />
        </Action>
      )}
      {version && (
        <>
          <Divider />
          <BranchSwitcher {...version} />
        </>
      )}
      {meta && (
        <>
          {/* On a narrow screen the details may wrap to a line of their own. */}
          <Divider className="max-sm:hidden" />
          <div className="px-1">{meta}</div>
        </>
      )}
    </>
  );
}

type ActionProps = { "data-slot"?: string; label: string; onPress: () => void; children: ReactNode };

function Action({ label, onPress, ...props }: ActionProps) {
  return (
    <Button variant="ghost" size="icon-sm" aria-label={label} title={label} onClick={onPress} {...props} />
  );
}

function Divider({ className }: { className?: string }) {
  return <span aria-hidden className={cn("mx-1 h-3.5 w-px bg-line", className)} />;
}

function textOf(message: UIMessage): string {
  return message.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n\n");
}
