import type { ComponentType } from "react";

/** A chat as the sidebar and the palette list it. */
export type ChatShellChat = {
  id: string;
  title: string;
  href: string;
  updatedAt: string | number | Date;
  /** The agent answered since the chat was last opened. */
  isUnread?: boolean;
  /** A request in it is pending for this person. */
  isWaiting?: boolean;
  /** An answer is being written. */
  isRunning?: boolean;
  isPinned?: boolean;
  isArchived?: boolean;
};

export type ChatShellLink = ComponentType<React.ComponentProps<"a"> & { href: string }>;

/** The actions on a chat in the list. The menu offers those that are given. */
export type ChatRowActions = {
  /** Rejects with a sentence for the person; the typed text stays in the box. */
  onRename?: (id: string, title: string) => Promise<void>;
  onPin?: (id: string, isPinned: boolean) => void;
  onArchive?: (id: string, isArchived: boolean) => void;
  /** Deletes at once. Offer Undo, with a `Toast` for example. */
  onDelete?: (id: string) => void;
  /** Creates a new chat from the whole one, or from the shown branch. */
  onCopy?: (id: string, what: "chat" | "branch") => void;
  onShare?: (id: string) => void;
  /** Shows the chat's token use and cost. */
  onUsage?: (id: string) => void;
  exportHref?: (id: string, format: "markdown" | "json") => string;
};
