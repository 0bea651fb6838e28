import { FileText, RotateCcw, X } from "lucide-react";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/utils";
import { formatSize, type Attachment, type Attachments } from "./use-attachments";

export type AttachmentChipsProps = Pick<Attachments, "items" | "remove" | "retry" | "notice">;

/** The files of the message being written, each with its upload state. */
export function AttachmentChips({ items, remove, retry, notice }: AttachmentChipsProps) {
  return (
    <>
      {items.length > 0 && (
        <ul
          data-slot="attachment-chips"
          aria-label="Attachments"
          className="flex max-h-44 flex-wrap gap-2 overflow-y-auto px-3 pt-3"
        >
          {items.map((item) => (
            <Chip key={item.id} item={item} onRemove={() => remove(item.id)} onRetry={() => retry(item.id)} />
          ))}
        </ul>
      )}
      <output
        data-slot="attachment-notice"
        className="block px-4 text-[13px] leading-5 text-red not-empty:pt-2"
      >
        {notice}
      </output>
    </>
  );
}

type ChipProps = { item: Attachment; onRemove: () => void; onRetry: () => void };

function Chip({ item, onRemove, onRetry }: ChipProps) {
  const hasFailed = item.state === "failed";
  return (
    <li
      data-slot="attachment-chip"
      data-state={item.state}
      className={cn(
        "relative flex min-h-13 max-w-full items-center gap-2.5 overflow-clip rounded-md border bg-surface py-1.5 pr-1 pl-1.5 text-[13px] leading-[18px]",
        hasFailed ? "border-red-line bg-red-soft" : "sm:max-w-64",
      )}
    >
      <Preview item={item} />
      <span className="min-w-0 flex-1">
        <span className="block truncate text-ink" dir="auto">
          {item.name}
        </span>
        <span className={cn("block text-xs", hasFailed ? "text-red" : "text-ink-3")}>{describe(item)}</span>
      </span>
      {hasFailed && item.canRetry && (
        <Button
          variant="ghost"
          size="icon-sm"
          aria-label={`Retry ${item.name}`}
          title="Retry"
          onClick={onRetry}
        >
          <RotateCcw aria-hidden />
        </Button>
      )}
      <Button
        variant="ghost"
        size="icon-sm"
        aria-label={`Remove ${item.name}`}
        title="Remove"
        onClick={onRemove}
      >
        <X aria-hidden />
      </Button>
      {item.state === "uploading" && (
        <progress
          data-slot="attachment-progress"
          aria-label={`Uploading ${item.name}`}
          max={1}
          value={item.progress}
          className="absolute inset-x-0 bottom-0 h-[3px] w-full appearance-none [&::-moz-progress-bar]:bg-kelp [&::-webkit-progress-bar]:bg-raised [&::-webkit-progress-value]:bg-kelp"
        />
      )}
    </li>
  );
}

function Preview({ item }: { item: Attachment }) {
  return item.previewUrl ? (
    // The kit does not need Next's image component.
    // oxlint-disable-next-line nextjs/no-img-element
    <img src={item.previewUrl} alt="" className="size-10 shrink-0 rounded-sm bg-raised object-cover" />
  ) : (
    <span className="grid size-10 shrink-0 place-items-center rounded-sm bg-raised text-ink-3">
      <FileText aria-hidden className="size-[18px]" />
    </span>
  );
}

function describe(item: Attachment): string {
  switch (item.state) {
    case "uploading":
      return "Uploading…";
    case "ready":
      return formatSize(item.size);
    case "failed":
      return item.error;
  }
}
