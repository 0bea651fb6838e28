"use client";

import { Redo2, Undo2 } from "lucide-react";
import { Button } from "@/components/ui/button";

export type UndoRedoProps = {
  /** Absent when there is nothing to step back over. */
  onUndo?: (() => void) | undefined;
  /** Absent when nothing was stepped back over. */
  onRedo?: (() => void) | undefined;
};

/** Steps over the last exchange, and back. Nothing is shown while neither is possible. */
export function UndoRedo({ onUndo, onRedo }: UndoRedoProps) {
  if (!onUndo && !onRedo) return null;
  return (
    <fieldset data-slot="undo-redo" aria-label="History" className="flex items-center text-ink-3">
      <Step label="Undo" onPress={onUndo}>
        <Undo2 aria-hidden />
      </Step>
      <Step label="Redo" onPress={onRedo}>
        <Redo2 aria-hidden />
      </Step>
    </fieldset>
  );
}

type StepProps = { label: string; onPress: (() => void) | undefined; children: React.ReactNode };

/** Stays in place and focusable while there is nothing to do, so that the other one does not jump. */
function Step({ label, onPress, children }: StepProps) {
  return (
    <Button
      variant="ghost"
      size="icon-sm"
      className="not-hover:text-ink-3"
      aria-label={label}
      title={label}
      aria-disabled={onPress ? undefined : true}
      onClick={() => onPress?.()}
    >
      {children}
    </Button>
  );
}
