"use client";

import {
  Archive,
  ArchiveRestore,
  ChartNoAxesColumn,
  Copy,
  Download,
  GitFork,
  Link2,
  Pencil,
  Pin,
  PinOff,
  Trash2,
} from "lucide-react";
import { Menu, MenuContent, MenuItem, MenuSeparator, MenuTrigger } from "@/components/ui/menu";
import type { ChatRowActions, ChatShellChat } from "./types";

export type ChatRowMenuProps = ChatRowActions & {
  chat: ChatShellChat;
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  onRenameStart: () => void;
  /** The trigger: a button. */
  children: React.ReactNode;
};

/** The menu of a chat, loaded at the first press. It offers the actions that have callbacks. */
export default function ChatRowMenu({
  chat,
  isOpen,
  onOpenChange,
  onRename,
  onRenameStart,
  onPin,
  onArchive,
  onShare,
  onCopy,
  exportHref,
  onUsage,
  onDelete,
  children,
}: ChatRowMenuProps) {
  const { id, isPinned = false, isArchived = false } = chat;
  return (
    <Menu open={isOpen} onOpenChange={onOpenChange} modal={false}>
      <MenuTrigger asChild>{children}</MenuTrigger>
      <MenuContent align="end" data-slot="chat-row-menu">
        {onRename && (
          <MenuItem onSelect={onRenameStart}>
            <Pencil aria-hidden /> Rename
          </MenuItem>
        )}
        {onPin && !isArchived && (
          <MenuItem onSelect={() => onPin(id, !isPinned)}>
            {isPinned ? <PinOff aria-hidden /> : <Pin aria-hidden />} {isPinned ? "Unpin" : "Pin"}
          </MenuItem>
        )}
        {onShare && (
          <MenuItem onSelect={() => onShare(id)}>
            <Link2 aria-hidden /> Share…
          </MenuItem>
        )}
        {onCopy && (
          <>
            <MenuItem onSelect={() => onCopy(id, "chat")}>
              <Copy aria-hidden /> Duplicate chat
            </MenuItem>
            <MenuItem onSelect={() => onCopy(id, "branch")}>
              <GitFork aria-hidden /> Duplicate this branch
            </MenuItem>
          </>
        )}
        {exportHref && (
          <>
            <MenuItem asChild>
              <a href={exportHref(id, "markdown")} download>
                <Download aria-hidden /> Export as Markdown
              </a>
            </MenuItem>
            <MenuItem asChild>
              <a href={exportHref(id, "json")} download>
                <Download aria-hidden /> Export as JSON
              </a>
            </MenuItem>
          </>
        )}
        {onUsage && (
          <MenuItem onSelect={() => onUsage(id)}>
            <ChartNoAxesColumn aria-hidden /> Usage…
          </MenuItem>
        )}
        {onArchive && (
          <MenuItem onSelect={() => onArchive(id, !isArchived)}>
            {isArchived ? <ArchiveRestore aria-hidden /> : <Archive aria-hidden />}
            {isArchived ? "Unarchive" : "Archive"}
          </MenuItem>
        )}
        {onDelete && (
          <>
            <MenuSeparator />
            <MenuItem tone="danger" onSelect={() => onDelete(id)}>
              <Trash2 aria-hidden /> Delete
            </MenuItem>
          </>
        )}
      </MenuContent>
    </Menu>
  );
}
