"use client";

import { Redo2, Undo2 } from "lucide-react";
import { Button } from "@/components/ui/button";

export type UndoRedoProps = {
  /** Absent when there is nothing to undo. */
  onUndo?: (() => void) | undefined;
  /** Absent when there is nothing to redo. */
  onRedo?: (() => void) | undefined;
};

/** Undoes and redoes the last exchange. Hidden while neither is possible. */
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

/** Stays in place and focusable while unavailable, so that the other button doesn't move. */
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
