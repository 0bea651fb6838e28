"use client";

import dynamic from "next/dynamic";
import { useState } from "react";
import { History } from "lucide-react";
import { untilLoaded } from "@/components/chat/shared/until-loaded";
import { Button } from "@/components/ui/button";
import { useRequests } from "./provider";

const Decisions = dynamic(() => untilLoaded(() => import("./decisions")).then(({ Decisions }) => Decisions), {
  ssr: false,
});

/** Opens the chat's decisions and always-allowed tools. Hidden when there are none of either. */
export function DecisionsButton({ chatId }: { chatId: string }) {
  const [isOpen, setIsOpen] = useState(false);
  const { ofChat, allowedIn } = useRequests();
  const decisions = ofChat(chatId).filter(({ state }) => state !== "pending");
  // An open dialog stays open after the last permission was revoked.
  if (decisions.length === 0 && allowedIn(chatId).length === 0 && !isOpen) return null;
  return (
    <>
      <Button
        variant="ghost"
        size="icon"
        aria-label="Decisions"
        title="Decisions"
        aria-haspopup="dialog"
        onClick={() => setIsOpen(true)}
      >
        <History aria-hidden />
      </Button>
      {isOpen && <Decisions chatId={chatId} decisions={decisions} onClose={() => setIsOpen(false)} />}
    </>
  );
}
