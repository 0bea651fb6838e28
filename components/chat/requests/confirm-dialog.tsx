"use client";

import { useId, useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent } from "@/components/ui/dialog";

export type ConfirmDialogProps = {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  title: string;
  /** What will happen, and that it can't be undone. */
  description: string;
  /** The phrase to type before the button is enabled. */
  phrase?: string | undefined;
  confirmLabel: string;
  /** Rejects with a sentence for the person; the dialog then stays open and shows it. */
  onConfirm: () => Promise<void>;
};

/** Confirms an action that can't be undone. */
export function ConfirmDialog({
  isOpen,
  onOpenChange,
  title,
  description,
  phrase,
  confirmLabel,
  onConfirm,
}: ConfirmDialogProps) {
  return (
    <Dialog open={isOpen} onOpenChange={onOpenChange}>
      <DialogContent data-slot="confirm-dialog" title={title} description={description}>
        <Confirmation
          phrase={phrase}
          confirmLabel={confirmLabel}
          onConfirm={onConfirm}
          onCancel={() => onOpenChange(false)}
        />
      </DialogContent>
    </Dialog>
  );
}

type ConfirmationProps = Pick<ConfirmDialogProps, "phrase" | "confirmLabel" | "onConfirm"> & {
  onCancel: () => void;
};

/** Mounted while the dialog is open, so that it always opens with an empty field. */
function Confirmation({ phrase, confirmLabel, onConfirm, onCancel }: ConfirmationProps) {
  const [typed, setTyped] = useState("");
  const [isConfirming, setIsConfirming] = useState(false);
  const [error, setError] = useState<string>();
  const hintId = useId();
  const isReady = phrase === undefined || typed.trim() === phrase;

  async function confirm() {
    if (!isReady || isConfirming) return;
    setIsConfirming(true);
    setError(undefined);
    try {
      await onConfirm();
      onCancel();
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : String(reason));
      setIsConfirming(false);
    }
  }

  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        void confirm();
      }}
    >
      {phrase !== undefined && (
        <label className="flex flex-col gap-1.5 text-[13px]">
          <span id={hintId}>
            Type{" "}
            <code className="rounded-[5px] border bg-code px-1.5 py-px font-mono wrap-anywhere">
              {phrase}
            </code>{" "}
            to confirm
          </span>
          <input
            type="text"
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            value={typed}
            className="h-9 w-full rounded-[10px] border border-line-strong bg-surface px-3 font-mono text-[13px] pointer-coarse:h-11 pointer-coarse:text-[16px]"
            onChange={(event) => setTyped(event.target.value)}
          />
        </label>
      )}
      {error && (
        <p role="alert" className="text-[13px] wrap-anywhere text-red">
          Couldn't complete this. {error}
        </p>
      )}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onCancel}>Cancel</Button>
        <Button
          type="submit"
          className="border-transparent bg-red text-surface hover:bg-red/90"
          aria-disabled={!isReady || isConfirming || undefined}
        >
          {confirmLabel}
        </Button>
      </div>
    </form>
  );
}
