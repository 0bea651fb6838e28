"use client";

import { useId, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/utils";

export type AllowedToolsProps = Omit<React.ComponentProps<"section">, "children"> & {
  /** The tools that run without asking in this chat: code names, each with its title. */
  tools: { name: string; title: string }[];
  /** Makes the tool ask again from its next call. Rejects with a sentence for the person. */
  onRevoke: (name: string) => Promise<void>;
};

/** The tools that are always allowed in this chat, each with a button to revoke it. Hidden when there are none. */
export function AllowedTools({ tools, onRevoke, className, ...props }: AllowedToolsProps) {
  const [revoking, setRevoking] = useState<string | null>(null);
  const [said, setSaid] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const section = useRef<HTMLElement>(null);
  const headingId = useId();
  if (tools.length === 0 && said === "") return null;

  async function revoke({ name, title }: { name: string; title: string }) {
    if (revoking !== null) return;
    setRevoking(name);
    setProblem(null);
    try {
      await onRevoke(name);
      setSaid(`${title} will ask again.`);
      // Moves the focus before the focused button disappears.
      section.current?.focus();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
    setRevoking(null);
  }

  return (
    <section
      ref={section}
      tabIndex={-1}
      data-slot="allowed-tools"
      aria-labelledby={headingId}
      className={cn("flex flex-col gap-2 outline-none", className)}
      {...props}
    >
      <h3 id={headingId} className="text-sm font-medium">
        Always allowed in this chat
      </h3>
      {tools.length > 0 && (
        <ul data-slot="allowed-tools-list" className="flex flex-col divide-y rounded-md border">
          {tools.map((tool) => (
            <li
              key={tool.name}
              data-slot="allowed-tool"
              className="flex min-h-11 items-center gap-3 py-1.5 pr-2 pl-3"
            >
              <span className="min-w-0 flex-1 text-sm wrap-anywhere">{tool.title}</span>
              <Button
                size="sm"
                aria-label={`Revoke ${tool.title}`}
                aria-disabled={revoking !== null || undefined}
                onClick={() => void revoke(tool)}
              >
                Revoke
              </Button>
            </li>
          ))}
        </ul>
      )}
      <output className="text-xs text-ink-2 empty:hidden">{said}</output>
      {problem && (
        <p role="alert" className="text-sm text-red">
          {problem}
        </p>
      )}
    </section>
  );
}
