"use client";

import {
  Download,
  Inbox,
  Keyboard,
  Link2,
  MessageSquare,
  Monitor,
  Moon,
  Redo2,
  Settings,
  Square,
  SquarePen,
  Sun,
  Undo2,
} from "lucide-react";
import { useTheme } from "next-themes";
import { useRouter } from "next/navigation";
import type { ChatShellChat } from "@/components/chat/shell/types";
import type { ChatSearchProps } from "@/components/chat/shell/chat-search";
import {
  CommandPalette,
  type PaletteCommand,
  type PaletteGroup,
} from "@/components/chat/shell/command-palette";

/** The commands of the open conversation; unavailable ones are absent. */
export type OpenChatCommands = {
  onStop?: (() => void) | undefined;
  onUndo?: (() => void) | undefined;
  onRedo?: (() => void) | undefined;
};

export type CommandsPaletteProps = {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  chats: ChatShellChat[];
  /** The open chat, once it has a row. */
  currentId: string | undefined;
  openChat: OpenChatCommands;
  waitingCount: number;
  onShare: (chatId: string) => void;
  exportHref: (chatId: string, format: "markdown" | "json") => string;
  onSearch: ChatSearchProps["onSearch"];
  onShowShortcuts: () => void;
};

const OFFERED_CHATS = 5;

const themes = [
  { id: "light", label: "Light theme", icon: Sun },
  { id: "dark", label: "Dark theme", icon: Moon },
  { id: "system", label: "System theme", icon: Monitor },
];

/** The commands of this app's palette. Add a command to its group. */
export function CommandsPalette({
  isOpen,
  onOpenChange,
  chats,
  currentId,
  openChat: { onStop, onUndo, onRedo },
  waitingCount,
  onShare,
  exportHref,
  onSearch,
  onShowShortcuts,
}: CommandsPaletteProps) {
  const router = useRouter();
  const { theme, setTheme } = useTheme();

  const thisChat: PaletteCommand[] = [];
  if (onStop) thisChat.push({ id: "stop", label: "Stop the answer", icon: Square, onRun: onStop });
  if (onUndo) thisChat.push({ id: "undo", label: "Undo the last exchange", icon: Undo2, onRun: onUndo });
  if (onRedo) thisChat.push({ id: "redo", label: "Redo", icon: Redo2, onRun: onRedo });
  if (currentId !== undefined) {
    const save = (format: "markdown" | "json") => () => download(exportHref(currentId, format));
    thisChat.push(
      { id: "share", label: "Share this branch…", icon: Link2, onRun: () => onShare(currentId) },
      { id: "export-markdown", label: "Export as Markdown", icon: Download, onRun: save("markdown") },
      { id: "export-json", label: "Export as JSON", icon: Download, onRun: save("json") },
    );
  }

  const groups: PaletteGroup[] = [
    { heading: "This chat", commands: thisChat },
    {
      heading: "Go to",
      commands: [
        { id: "new", label: "New chat", icon: SquarePen, onRun: () => router.push("/") },
        {
          id: "inbox",
          label: waitingCount > 0 ? `Inbox · ${waitingCount} waiting for you` : "Inbox",
          icon: Inbox,
          keywords: ["requests", "approvals"],
          onRun: () => router.push("/inbox"),
        },
        {
          id: "settings",
          label: "Settings",
          icon: Settings,
          keywords: ["account", "model", "preferences"],
          onRun: () => router.push("/settings"),
        },
      ],
    },
    {
      heading: "Chats",
      offered: OFFERED_CHATS,
      commands: chats.map(({ id, title, href }) => ({
        id: `chat ${id}`,
        label: title,
        icon: MessageSquare,
        isCurrent: id === currentId,
        onRun: () => router.push(href),
      })),
    },
    {
      heading: "Appearance",
      commands: themes.map(({ id, label, icon }) => ({
        id: `theme ${id}`,
        label,
        icon,
        keywords: ["mode", "colors", "colours"],
        isCurrent: theme === id,
        onRun: () => setTheme(id),
      })),
    },
    {
      heading: "Help",
      commands: [
        { id: "shortcuts", label: "Keyboard shortcuts", icon: Keyboard, keys: ["?"], onRun: onShowShortcuts },
      ],
    },
  ];
  return (
    <CommandPalette
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      groups={groups}
      onSearch={onSearch}
      onFollow={(href) => router.push(href)}
    />
  );
}

/** Navigates as a link does, so that the page and a streaming answer stay. */
function download(href: string) {
  const link = document.createElement("a");
  link.href = href;
  link.download = "";
  link.click();
}
