import { CircleDashed, Hand } from "lucide-react";
import { cn } from "@/lib/utils";

export type OwnersRequestProps = Omit<React.ComponentProps<"div">, "children"> & {
  title: string;
  /** Or it is closed, and this version of the conversation doesn't say how. */
  isWaiting: boolean;
};

/** A request shown to readers who can't answer it. */
export function OwnersRequest({ title, isWaiting, className, ...props }: OwnersRequestProps) {
  const Icon = isWaiting ? Hand : CircleDashed;
  return (
    <div
      data-slot="owners-request"
      className={cn(
        "flex min-h-10 items-start gap-2.5 rounded-md border px-3 py-2 text-sm",
        isWaiting && "border-amber-line bg-amber-soft",
        className,
      )}
      {...props}
    >
      <Icon aria-hidden className={cn("mt-0.5 size-4 shrink-0", isWaiting ? "text-amber" : "text-ink-3")} />
      <span className="min-w-0 flex-1 font-[550] wrap-anywhere" dir="auto">
        {title}
      </span>
      <span className="shrink-0 pt-0.5 text-xs text-ink-2">
        {isWaiting ? "Waiting for the owner" : "Not decided here"}
      </span>
    </div>
  );
}
