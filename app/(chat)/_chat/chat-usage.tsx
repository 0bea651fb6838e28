"use client";

import { useQuery } from "@tanstack/react-query";
import { UsageSummary } from "@/components/chat/shell/usage-summary";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent } from "@/components/ui/dialog";
import { Skeleton } from "@/components/ui/skeleton";
import { describeError } from "./actions/expected-error";
import { readUsage } from "./reads/fetchers";

/** The dialog about a chat's usage. */
export function ChatUsageDialog({ chatId, onClose }: { chatId: string; onClose: () => void }) {
  const {
    data: usage,
    error,
    isFetching,
    refetch,
  } = useQuery({
    queryKey: ["usage", chatId],
    queryFn: ({ signal }) => readUsage(chatId, signal),
    refetchOnMount: "always",
  });
  const problem = !usage && !isFetching && error ? describeError(error) : null;

  return (
    <Dialog open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <DialogContent
        title="Usage"
        description="Token use reported by the models. Your provider's bill is authoritative."
      >
        {usage && <UsageSummary {...usage} />}
        {problem && (
          <div className="flex flex-wrap items-center gap-3">
            <p role="alert" className="min-w-0 text-sm text-red">
              Couldn't load usage. {problem}
            </p>
            <Button size="sm" onClick={() => void refetch()}>
              Try again
            </Button>
          </div>
        )}
        {!usage && !problem && <Skeleton className="h-40 w-full rounded-md" />}
      </DialogContent>
    </Dialog>
  );
}
