"use client";

import { DecisionHistory } from "@/components/chat/decision-history";
import type { HumanRequestView } from "@/components/chat/request";
import { Dialog, DialogContent } from "@/components/ui/dialog";

export type DecisionsProps = {
  decisions: HumanRequestView[];
  onClose: () => void;
};

/** Everything that was decided in the chat, over the page. */
export function Decisions({ decisions, onClose }: DecisionsProps) {
  return (
    <Dialog open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <DialogContent
        title="Decisions"
        description="What was asked in this chat, and what became of it. The newest first."
        className="w-[min(640px,calc(100vw-32px))]"
      >
        <DecisionHistory decisions={decisions.toReversed()} />
      </DialogContent>
    </Dialog>
  );
}
