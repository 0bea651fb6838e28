"use client";

import { useEffect, useState } from "react";
import { Check, Copy, X } from "lucide-react";
import { Button, type ButtonProps } from "@/components/ui/button";
import { copyText } from "./copy-text";

export type CopyButtonProps = Omit<ButtonProps, "onClick"> & {
  /** A function is called when the button is pressed, so that a long text is not kept twice. */
  text: string | (() => string);
  label?: string;
};

const REFUSED = "Your browser blocked copying";

export function CopyButton({ text, label = "Copy", ...props }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<"copied" | "failed" | null>(null);

  useEffect(() => {
    if (!outcome) return;
    const timer = setTimeout(() => setOutcome(null), 2000);
    return () => clearTimeout(timer);
  }, [outcome]);

  async function copy() {
    try {
      await copyText(typeof text === "string" ? text : text());
      setOutcome("copied");
    } catch {
      setOutcome("failed");
    }
  }

  return (
    <>
      <Button
        data-slot="copy-button"
        variant="ghost"
        size="icon-sm"
        aria-label={label}
        title={outcome === "failed" ? REFUSED : label}
        {...props}
        onClick={() => void copy()}
      >
        {outcome === "copied" ? (
          <Check aria-hidden className="text-kelp" />
        ) : outcome === "failed" ? (
          <X aria-hidden className="text-red" />
        ) : (
          <Copy aria-hidden />
        )}
      </Button>
      {outcome && <output className="sr-only">{outcome === "copied" ? "Copied" : REFUSED}</output>}
    </>
  );
}
