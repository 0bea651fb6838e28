"use client";

import { useCallback, useEffect, useState } from "react";
import { UsageSummary } from "@/components/chat/usage-summary";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent } from "@/components/ui/dialog";
import { Skeleton } from "@/components/ui/skeleton";
import type { ChatUsage } from "@/lib/chat/usage";
import { chatUsage } from "./chat-actions";
import { describeError } from "./expected-error";

/** The dialog about what one chat took. */
export function ChatUsageDialog({ chatId, onClose }: { chatId: string; onClose: () => void }) {
  const [usage, setUsage] = useState<ChatUsage>();
  const [problem, setProblem] = useState<string | null>(null);
  const load = useCallback(
    () => chatUsage({ chatId }).then(setUsage, (error: unknown) => setProblem(describeError(error))),
    [chatId],
  );
  useEffect(() => {
    void load();
  }, [load]);

  return (
    <Dialog open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <DialogContent
        title="Usage"
        description="What the answers of this chat took, as far as their models report it. The provider's bill has the last word."
      >
        {usage && <UsageSummary {...usage} />}
        {problem && (
          <div className="flex flex-wrap items-center gap-3">
            <p role="alert" className="min-w-0 text-sm text-red">
              The usage could not be read. {problem}
            </p>
            <Button
              size="sm"
              onClick={() => {
                setProblem(null);
                void load();
              }}
            >
              Try again
            </Button>
          </div>
        )}
        {!usage && !problem && <Skeleton className="h-40 w-full rounded-md" />}
      </DialogContent>
    </Dialog>
  );
}
