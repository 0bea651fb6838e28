"use client";

import dynamic from "next/dynamic";
import { useState } from "react";
import { History } from "lucide-react";
import { Button } from "@/components/ui/button";
import { useRequests } from "./requests";

const Decisions = dynamic(() => import("./decisions").then(({ Decisions }) => Decisions), { ssr: false });

/** Leads to what was decided in a chat; not there while nothing was. */
export function DecisionsButton({ chatId }: { chatId: string }) {
  const [isOpen, setIsOpen] = useState(false);
  const decisions = useRequests()
    .ofChat(chatId)
    .filter(({ state }) => state !== "pending");
  if (decisions.length === 0) return null;
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
