"use client";

import { useId, useRef, useState } from "react";
import { TextWrap } from "lucide-react";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { ScrollBox } from "@/components/ui/scroll-box";
import { cn } from "@/lib/utils";
import { revealBidi } from "../shared/strip-bidi";
import { useCodeColors } from "./use-code-colors";

export type CodeBlockProps = React.ComponentProps<"div"> & {
  code: string;
  language?: string | undefined;
  /** The block is still being written: its colors wait until it is closed. */
  isStreaming?: boolean;
};

/** An unwrapped line longer than this takes seconds to lay out, not milliseconds. */
const HUGE = 10_000;

/**
 * A code block with its language, a copy button and a wrap toggle. Long lines scroll inside the block, never the page.
 */
export function CodeBlock({ code, language, isStreaming = false, className, ...props }: CodeBlockProps) {
  const [wraps, setWraps] = useState(false);
  const id = useId();
  const element = useRef<HTMLElement>(null);
  const shown = revealBidi(code);
  useCodeColors(element, { code: shown, language, isStreaming });
  return (
    <div
      data-slot="code-block"
      data-language={language}
      dir="ltr"
      className={cn("overflow-clip rounded-md border bg-code", className)}
      {...props}
    >
      <div
        data-slot="code-block-header"
        className="flex h-9 items-center gap-0.5 border-b pr-1.5 pl-3.5 pointer-coarse:h-11"
      >
        <span id={id} className="mr-auto truncate font-mono text-xs text-ink-3">
          {language || "text"}
        </span>
        <Button
          variant="ghost"
          size="icon-sm"
          aria-label="Wrap lines"
          title="Wrap lines"
          aria-pressed={wraps}
          className="aria-pressed:bg-raised aria-pressed:text-ink"
          onClick={() => setWraps(!wraps)}
        >
          <TextWrap aria-hidden />
        </Button>
        <CopyButton text={code} label="Copy code" />
      </div>
      <ScrollBox data-slot="code-block-body" aria-labelledby={id} className="px-3.5 py-3">
        <pre
          className={cn(
            "font-mono text-[13px] leading-5 [tab-size:2]",
            wraps && "wrap-anywhere whitespace-pre-wrap",
            code.length > HUGE && "fast-shaping",
          )}
        >
          <code ref={element}>{shown}</code>
        </pre>
      </ScrollBox>
    </div>
  );
}
