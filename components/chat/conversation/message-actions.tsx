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
  /** Given for what the reader may ask again in other words. */
  onEdit?: (() => void) | undefined;
  /** Given for what may be answered again. */
  onRegenerate?: (() => void) | undefined;
  /** Given where the conversation may go on from. */
  onContinue?: (() => void) | undefined;
  /** Absent while a message has no alternatives. */
  version?: Pick<BranchSwitcherProps, "index" | "count" | "onPrevious" | "onNext"> | undefined;
  /** Follows the buttons: model, tokens, cost. */
  meta?: ReactNode;
};

/** The quiet row under a message. */
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
          {/* On a narrow screen what follows may stand on a line of its own. */}
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
