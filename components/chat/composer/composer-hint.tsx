import { cn } from "@/lib/utils";
import { useModifierName } from "../shared/modifier-key";

export type ComposerHintProps = {
  id: string;
  /** Why something is unavailable, or what is pending. Replaces the keyboard hints. */
  explanation: string | null;
  isError?: boolean;
  isStreaming: boolean;
  canQueue: boolean;
  canSteer: boolean;
};

/** The line below the box that says what Enter will do. */
export function ComposerHint({
  id,
  explanation,
  isError = false,
  isStreaming,
  canQueue,
  canSteer,
}: ComposerHintProps) {
  return (
    <div
      id={id}
      data-slot="composer-hint"
      className={cn(
        "mt-2 text-center text-xs text-ink-3",
        !explanation && "max-sm:sr-only pointer-coarse:sr-only",
      )}
    >
      <output className={cn(isError && "text-red")}>{explanation}</output>
      {!explanation && <Keys isStreaming={isStreaming} canQueue={canQueue} canSteer={canSteer} />}
    </div>
  );
}

function Keys({
  isStreaming,
  canQueue,
  canSteer,
}: Pick<ComposerHintProps, "isStreaming" | "canQueue" | "canSteer">) {
  const modifier = useModifierName();
  if (!isStreaming) {
    return (
      <>
        <kbd>Enter</kbd> to send · <kbd>Shift+Enter</kbd> for a new line
      </>
    );
  }
  if (!canQueue && !canSteer) return <>Keep typing; you can send when this answer ends</>;
  return (
    <>
      {canQueue && (
        <>
          <kbd>Enter</kbd> to queue
        </>
      )}
      {canQueue && canSteer && " · "}
      {canSteer && (
        <>
          <kbd>{modifier}+Enter</kbd> to steer
        </>
      )}
    </>
  );
}
