"use client";

import { Dialog, DialogContent } from "@/components/ui/dialog";
import { ShortcutList } from "./shortcut-list";
import { kitShortcuts, type ShortcutGroup } from "./shortcuts";

export type ShortcutsDialogProps = {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  /** What the keyboard does in your app, when that is more or less than what it does in the kit. */
  groups?: ShortcutGroup[];
};

/** What the keyboard can do. Load it lazily: few ask for it. */
export function ShortcutsDialog({ isOpen, onOpenChange, groups = kitShortcuts }: ShortcutsDialogProps) {
  return (
    <Dialog open={isOpen} onOpenChange={onOpenChange}>
      <DialogContent data-slot="shortcuts-dialog" title="Keyboard shortcuts">
        <ShortcutList groups={groups} />
      </DialogContent>
    </Dialog>
  );
}
