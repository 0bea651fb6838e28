import { ArrowUp, CornerDownRight, ListPlus, Square } from "lucide-react";
import { cn } from "@/lib/utils";

/** How a message is sent: now, queued until the answer ends, or into the answer being written. */
export type SendMode = "send" | "queue" | "steer";

export type ComposerButtonsProps = {
  isStreaming: boolean;
  /** There is something to send, and nothing blocks it. */
  canSend: boolean;
  canQueue: boolean;
  canSteer: boolean;
  /** Id of the element that explains why a button is unavailable. */
  explainedBy?: string;
  onSend: (mode: SendMode) => void;
  onStop: () => void;
};

/**
 * Each button says what it will do. While an answer streams, Stop replaces Send, and the other buttons appear beside
 * it.
 */
export function ComposerButtons({
  isStreaming,
  canSend,
  canQueue,
  canSteer,
  explainedBy,
  onSend,
  onStop,
}: ComposerButtonsProps) {
  return (
    <div data-slot="composer-buttons" className="ml-auto flex shrink-0 items-center gap-1.5">
      {isStreaming && canSend && canSteer && (
        <LabelledButton
          title="Steer: the running answer picks it up at its next step"
          onPress={() => onSend("steer")}
        >
          <CornerDownRight aria-hidden /> Steer
        </LabelledButton>
      )}
      {isStreaming && canSend && canQueue && (
        <LabelledButton title="Queue: sent when this answer ends" isMain onPress={() => onSend("queue")}>
          <ListPlus aria-hidden /> Queue
        </LabelledButton>
      )}
      {/* One button in both roles keeps the focus, and a double press can't start and stop at once. */}
      <button
        data-slot="composer-button"
        data-role={isStreaming ? "stop" : "send"}
        type="button"
        aria-label={isStreaming ? "Stop" : "Send"}
        title={isStreaming ? "Stop" : "Send"}
        aria-disabled={!isStreaming && !canSend ? true : undefined}
        aria-describedby={explainedBy}
        className="grid size-[34px] shrink-0 place-items-center rounded-[11px] bg-ink text-surface aria-disabled:bg-raised aria-disabled:text-ink-3 pointer-coarse:size-11"
        onKeyDown={ignoreRepeat}
        onClick={(event) => {
          if (event.detail > 1) return;
          if (isStreaming) onStop();
          else onSend("send");
        }}
      >
        {isStreaming ? (
          <Square aria-hidden className="size-3.5 fill-current" />
        ) : (
          <ArrowUp aria-hidden className="size-[18px]" />
        )}
      </button>
    </div>
  );
}

type LabelledButtonProps = {
  title: string;
  isMain?: boolean;
  onPress: () => void;
  children: React.ReactNode;
};

function LabelledButton({ title, isMain = false, onPress, children }: LabelledButtonProps) {
  return (
    <button
      data-slot="composer-button"
      type="button"
      title={title}
      className={cn(
        "flex h-[34px] items-center gap-1.5 rounded-[11px] px-3 text-[13px] font-medium pointer-coarse:h-11 [&_svg]:size-4",
        isMain
          ? "bg-kelp text-kelp-ink hover:bg-kelp/90"
          : "border border-line-strong text-ink hover:bg-raised",
      )}
      onKeyDown={ignoreRepeat}
      onClick={(event) => {
        if (event.detail <= 1) onPress();
      }}
    >
      {children}
    </button>
  );
}

/** Ignores key repeat: holding a key down counts as one press. */
function ignoreRepeat(event: React.KeyboardEvent) {
  if (event.repeat) event.preventDefault();
}
