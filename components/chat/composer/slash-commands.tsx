import { useEffect, useRef } from "react";
import { cn } from "@/lib/utils";
import type { SlashCommand } from "./slash";

export type SlashCommandsProps = {
  id: string;
  commands: SlashCommand[];
  /** The command that Enter runs. */
  active: number;
  onPick: (command: SlashCommand) => void;
  onPoint: (index: number) => void;
};

/** The commands above the box. The focus stays in the box, which controls this list with `aria-activedescendant`. */
export default function SlashCommands({ id, commands, active, onPick, onPoint }: SlashCommandsProps) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[active]?.scrollIntoView({ block: "nearest" });
  }, [active]);

  return (
    <div
      ref={list}
      id={id}
      data-slot="slash-commands"
      // A native select or datalist can't stay open while the box keeps the focus.
      // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role
      role="listbox"
      aria-label="Commands"
      className="absolute inset-x-0 bottom-full z-20 mb-2 max-h-64 overflow-y-auto rounded-lg border bg-surface p-1 shadow-card"
    >
      {commands.map((command, index) => (
        // The box handles the keys: see `onKeyDown` in composer.tsx.
        // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
        <div
          key={command.name}
          id={`${id}-${index}`}
          data-slot="slash-command"
          // An `option` element holds only text and works only inside a select.
          // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role
          role="option"
          tabIndex={-1}
          aria-selected={index === active}
          className={cn(
            "flex cursor-pointer items-baseline gap-3 rounded-sm px-3 py-2 text-sm pointer-coarse:py-3",
            index === active && "bg-raised",
          )}
          onPointerMove={() => onPoint(index)}
          // Keeps the focus in the box.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onPick(command)}
        >
          <span className="shrink-0 font-mono text-[13px] text-ink">/{command.name}</span>
          <span className="min-w-0 truncate text-ink-2">{command.description}</span>
        </div>
      ))}
    </div>
  );
}
