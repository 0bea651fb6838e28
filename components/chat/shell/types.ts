import type { ComponentType } from "react";

/** A chat as the sidebar and the palette list it. */
export type ChatShellChat = {
  id: string;
  title: string;
  href: string;
  updatedAt: string | number | Date;
  /** The agent said something since it was last opened. */
  isUnread?: boolean;
  /** Something in it waits for this person. */
  isWaiting?: boolean;
  /** An answer is being written right now. */
  isRunning?: boolean;
  isPinned?: boolean;
  isArchived?: boolean;
};

export type ChatShellLink = ComponentType<React.ComponentProps<"a"> & { href: string }>;

/** What can be done with a chat of the list. The menu offers what is given. */
export type ChatRowActions = {
  /** Rejects with what to tell the person; the text they typed stays in the box. */
  onRename?: (id: string, title: string) => Promise<void>;
  onPin?: (id: string, isPinned: boolean) => void;
  onArchive?: (id: string, isArchived: boolean) => void;
  /** Deletes at once. Offer a way back, a `Toast` for example. */
  onDelete?: (id: string) => void;
  /** A new chat out of the whole one, or of the branch that is shown. */
  onCopy?: (id: string, what: "chat" | "branch") => void;
  onShare?: (id: string) => void;
  /** Shows what its answers took. */
  onUsage?: (id: string) => void;
  exportHref?: (id: string, format: "markdown" | "json") => string;
};
