"use client";

import { Dialog, DialogContent } from "@/components/ui/dialog";
import { ShortcutList } from "./shortcut-list";
import { kitShortcuts, type ShortcutGroup } from "./shortcuts";

export type ShortcutsDialogProps = {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  /** The shortcuts of your app, if they differ from the kit's. */
  groups?: ShortcutGroup[];
};

/** The dialog of keyboard shortcuts. Load it lazily: it is rarely opened. */
export function ShortcutsDialog({ isOpen, onOpenChange, groups = kitShortcuts }: ShortcutsDialogProps) {
  return (
    <Dialog open={isOpen} onOpenChange={onOpenChange}>
      <DialogContent data-slot="shortcuts-dialog" title="Keyboard shortcuts">
        <ShortcutList groups={groups} />
      </DialogContent>
    </Dialog>
  );
}
