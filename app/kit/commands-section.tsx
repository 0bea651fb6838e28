"use client";

import { useState } from "react";
import { Keyboard, Link2, MessageSquare, Monitor, Moon, SquarePen, Sun } from "lucide-react";
import { CommandPalette, type PaletteGroup } from "@/components/chat/shell/command-palette";
import { ShortcutList } from "@/components/chat/shell/shortcut-list";
import { kitShortcuts } from "@/components/chat/shell/shortcuts";
import { ShortcutsDialog } from "@/components/chat/shell/shortcuts-dialog";
import { Button } from "@/components/ui/button";
import * as samples from "./samples";
import { search } from "./search";

/** The command palette and the list of shortcuts. Both dialogs are behind buttons, because they cover the page. */
export function CommandsSection() {
  const [open, setOpen] = useState<"palette" | "shortcuts" | null>(null);
  const [done, setDone] = useState("");
  const close = (isOpen: boolean) => !isOpen && setOpen(null);
  const run = (what: string) => () => setDone(what);
  const groups: PaletteGroup[] = [
    {
      heading: "This chat",
      commands: [
        { id: "share", label: "Share this branch…", icon: Link2, onRun: run("Shared") },
        { id: "new", label: "New chat", icon: SquarePen, onRun: run("A new chat") },
      ],
    },
    {
      heading: "Chats",
      offered: 3,
      commands: samples.chats.map(({ id, title }) => ({
        id,
        label: title,
        icon: MessageSquare,
        isCurrent: id === "1",
        onRun: run(`Opened ${title}`),
      })),
    },
    {
      heading: "Appearance",
      commands: [
        { id: "light", label: "Light theme", icon: Sun, onRun: run("Light") },
        { id: "dark", label: "Dark theme", icon: Moon, onRun: run("Dark") },
        {
          id: "system",
          label: "System theme",
          icon: Monitor,
          isCurrent: true,
          onRun: run("System"),
        },
      ],
    },
    {
      heading: "Help",
      commands: [
        {
          id: "shortcuts",
          label: "Keyboard shortcuts",
          icon: Keyboard,
          keys: ["?"],
          onRun: () => setOpen("shortcuts"),
        },
      ],
    },
  ];
  return (
    // Not a landmark: there would be too many to navigate.
    // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role
    <div role="group" aria-label="Commands and keys" data-case className="flex flex-col gap-4">
      <h2 className="text-xs text-ink-3">Commands and keys</h2>
      <div className="flex flex-wrap items-center gap-2">
        <Button aria-haspopup="dialog" onClick={() => setOpen("palette")}>
          Open the palette
        </Button>
        <Button aria-haspopup="dialog" onClick={() => setOpen("shortcuts")}>
          Show the shortcuts
        </Button>
        <output className="text-sm text-ink-2">{done}</output>
      </div>
      <ShortcutList groups={kitShortcuts} className="max-w-[480px]" />
      <CommandPalette
        isOpen={open === "palette"}
        onOpenChange={close}
        groups={groups}
        onSearch={search}
        onFollow={(href) => setDone(`Followed ${href}`)}
      />
      <ShortcutsDialog isOpen={open === "shortcuts"} onOpenChange={close} />
    </div>
  );
}
