"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { ArgumentTable } from "./argument-table";
import { ConfirmDialog } from "./confirm-dialog";
import type { RequestCardProps } from "./request";
import { RequestActions, RequestForm, RequestFrame } from "./request-frame";
import { useDecision } from "./use-decision";

/** A destructive call: approved only in a dialog, where its phrase has to be typed. */
export function ConfirmCard({ request, onDecide, settled }: RequestCardProps) {
  const decision = useDecision(onDecide);
  const [isOpen, setIsOpen] = useState(false);
  const isBusy = decision.phase !== "open" || undefined;
  return (
    <RequestFrame request={request} decision={decision} settled={settled}>
      <p className="text-[13px] text-ink-2">
        Runs{" "}
        <code className="rounded-[5px] border bg-code px-1.5 py-px font-mono text-[13px] text-ink">
          {request.tool}
        </code>{" "}
        with exactly this:
      </p>
      <ArgumentTable label={request.tool} value={request.input} />
      <RequestForm className="mt-auto">
        <RequestActions>
          <Button
            type="submit"
            className="border-red-line text-red hover:bg-red-soft"
            aria-haspopup="dialog"
            aria-disabled={isBusy}
            formAction={() => {
              if (!isBusy) setIsOpen(true);
            }}
          >
            Approve
          </Button>
          <Button
            type="submit"
            aria-disabled={isBusy}
            formAction={() => void decision.decide({ type: "deny" })}
          >
            Deny
          </Button>
        </RequestActions>
      </RequestForm>
      <ConfirmDialog
        isOpen={isOpen}
        onOpenChange={setIsOpen}
        title={request.title}
        description={request.why ?? "This cannot be taken back."}
        phrase={request.phrase ?? undefined}
        confirmLabel="Approve"
        onConfirm={() =>
          decision.decideOrThrow({ type: "approve", ...(request.phrase && { phrase: request.phrase }) })
        }
      />
    </RequestFrame>
  );
}
