import { cn } from "@/lib/utils";
import type { Tone } from "./labels";

const tones: Record<Tone, string> = {
  good: "border-kelp-line bg-kelp-soft text-kelp",
  plain: "border-line-strong text-ink-2",
  quiet: "text-ink-3",
  bad: "border-red-line bg-red-soft text-red",
};

/** A one-word label on a session, a run or a record. */
export function Tag({ tone = "plain", className, ...props }: React.ComponentProps<"span"> & { tone?: Tone }) {
  return (
    <span
      data-slot="tag"
      className={cn(
        "inline-flex h-5 shrink-0 items-center rounded-full border px-2 text-2xs font-medium whitespace-nowrap",
        tones[tone],
        className,
      )}
      {...props}
    />
  );
}
