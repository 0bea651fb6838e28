"use client";

import { useState } from "react";
import { Button } from "@/components/ui/button";
import { ArgumentTable } from "./argument-table";
import { ConfirmDialog } from "./confirm-dialog";
import { type RequestCardProps, toolTitle } from "./request";
import { RequestActions, RequestForm, RequestFrame } from "./request-frame";
import { useDecision } from "./use-decision";

/** A destructive call: approved in a dialog, by typing its phrase. */
export function ConfirmCard({ request, onDecide, settled }: RequestCardProps) {
  const decision = useDecision(onDecide);
  const [isOpen, setIsOpen] = useState(false);
  const isBusy = decision.phase !== "open" || undefined;
  return (
    <RequestFrame request={request} decision={decision} settled={settled}>
      <p className="text-[13px] text-ink-2">
        Will run <span className="font-medium text-ink">{toolTitle(request)}</span> with:
      </p>
      <ArgumentTable label={toolTitle(request)} value={request.input} schema={request.schema} />
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
        description={request.why ?? "This can't be undone."}
        phrase={request.phrase ?? undefined}
        confirmLabel="Approve"
        onConfirm={() =>
          decision.decideOrThrow({ type: "approve", ...(request.phrase && { phrase: request.phrase }) })
        }
      />
    </RequestFrame>
  );
}
