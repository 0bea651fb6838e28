"use client";

import type { ReactNode } from "react";
import { ArrowRight } from "lucide-react";
import { cn } from "@/lib/utils";

export type FirstRunPrompt = { title: string; description: string; prompt: string; icon?: ReactNode };

export type FirstRunProps = Omit<React.ComponentProps<"section">, "children" | "title"> & {
  title?: string;
  description?: ReactNode;
  prompts: FirstRunPrompt[];
  /** Sends the card's prompt unchanged. */
  onPick: (prompt: string) => void;
  /** True while a card is being sent, or when nothing can be sent. */
  isDisabled?: boolean;
};

export function FirstRun({
  title = "How can I help?",
  description,
  prompts,
  onPick,
  isDisabled = false,
  className,
  ...props
}: FirstRunProps) {
  return (
    <section
      data-slot="first-run"
      aria-label={title}
      className={cn("my-auto flex flex-col gap-6 py-4", className)}
      {...props}
    >
      <header className="flex flex-col gap-1.5">
        <h2 className="text-xl font-semibold tracking-[-0.02em]">{title}</h2>
        {description && <p className="max-w-[52ch] text-ink-2">{description}</p>}
      </header>
      <ul className="grid gap-2 sm:grid-cols-2">
        {prompts.map((each) => (
          <li key={each.title} className="grid">
            <button
              data-slot="first-run-card"
              type="button"
              disabled={isDisabled}
              className="group/card flex min-h-[76px] flex-col gap-0.5 rounded-md border px-4 py-3 text-left enabled:hover:border-line-strong enabled:hover:bg-bg disabled:opacity-50"
              onClick={() => onPick(each.prompt)}
            >
              <span className="flex items-center gap-2 text-sm font-[550] [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:text-kelp">
                {each.icon}
                {each.title}
                <ArrowRight
                  aria-hidden
                  className="ml-auto text-ink-3! opacity-0 group-hover/card:opacity-100 group-focus-visible/card:opacity-100"
                />
              </span>
              <span className="text-[13px] leading-5 text-ink-2">{each.description}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
