"use client";

import { AllowedTools } from "@/components/chat/requests/allowed-tools";
import { DecisionHistory } from "@/components/chat/requests/decision-history";
import type { HumanRequestView } from "@/components/chat/requests/request";
import { Dialog, DialogContent } from "@/components/ui/dialog";
import type { DecisionsFormat } from "@/lib/chat/requests/export";
import { useRequests } from "./provider";

export type DecisionsProps = {
  chatId: string;
  decisions: HumanRequestView[];
  onClose: () => void;
};

/** The dialog of the chat's decisions and always-allowed tools. */
export function Decisions({ chatId, decisions, onClose }: DecisionsProps) {
  const { allowedIn, revoke } = useRequests();
  const fileOf = (format: DecisionsFormat) => `/chat/${chatId}/decisions?format=${format}`;
  return (
    <Dialog open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <DialogContent
        title="Decisions"
        description="Requests in this chat and their outcomes, newest first."
        className="w-[min(640px,calc(100vw-32px))]"
      >
        <AllowedTools tools={allowedIn(chatId)} onRevoke={(tool) => revoke(chatId, tool)} />
        <DecisionHistory
          decisions={decisions.toReversed()}
          exports={{ csv: fileOf("csv"), json: fileOf("json") }}
        />
      </DialogContent>
    </Dialog>
  );
}
