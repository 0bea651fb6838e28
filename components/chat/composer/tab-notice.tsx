"use client";

import { MonitorSmartphone, PanelsTopLeft } from "lucide-react";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/utils";
import type { RemoteWriter } from "../durable/types";

export type TabNoticeProps = Omit<React.ComponentProps<"section">, "children"> & {
  /** Where the running answer was requested. No notice is shown for this page's own answers. */
  remoteWriter: RemoteWriter | undefined;
  /** Makes this page the one that writes. */
  onTakeOver: () => void;
};

const faces = {
  tab: { text: "This chat is active in another tab", icon: PanelsTopLeft },
  device: { text: "This chat is active on another device", icon: MonitorSmartphone },
};

/** Shown above the composer of a view-only page: says who is writing, with a button to take over. */
export function TabNotice({ remoteWriter, onTakeOver, className, ...props }: TabNoticeProps) {
  const face = remoteWriter && faces[remoteWriter];
  return (
    <section data-slot="tab-notice" aria-label="Other pages of this chat" {...props}>
      {/* Rendered before it has any text, so that screen readers announce the text when it appears. */}
      <output className="sr-only">{face && `${face.text}. View only. Take over to write.`}</output>
      {face && (
        <div
          className={cn(
            "mb-2 flex min-h-11 items-center gap-2.5 rounded-md border bg-surface py-1.5 pr-1.5 pl-3.5 text-[13.5px] text-ink-2",
            className,
          )}
        >
          <face.icon aria-hidden className="size-4 shrink-0 text-ink-3" />
          <p aria-hidden className="min-w-0 flex-1">
            {face.text}
          </p>
          <Button size="sm" onClick={onTakeOver}>
            Take over
          </Button>
        </div>
      )}
    </section>
  );
}
