"use client";

import { useMemo, useState } from "react";
import type { ChatRowActions, ChatShellChat } from "@/components/chat/shell/types";
import { ChatShell } from "@/components/chat/shell/chat-shell";
import { ShareDialog, type ShareLink } from "@/components/chat/shell/share-dialog";
import { Button } from "@/components/ui/button";
import { Toast, type ToastMessage } from "@/components/ui/toast";
import * as samples from "./samples";
import { search } from "./search";

const archived: ChatShellChat[] = [
  { id: "old", title: "Old plan", href: "#old", updatedAt: samples.NOW - 90 * 86_400_000, isArchived: true },
];

const first: ChatShellChat[] = samples.chats.map((chat) => ({
  ...chat,
  ...(chat.id === "3" && { isRunning: true }),
  ...(chat.id === "5" && { isPinned: true }),
}));

/** The sidebar with every feature, on a list that exists only in this page. */
export function ShellSection() {
  const [chats, setChats] = useState(first);
  const [view, setView] = useState<"active" | "archived">("active");
  const [isCollapsed, setIsCollapsed] = useState(false);
  const [toast, setToast] = useState<ToastMessage | null>(null);
  const [isSharing, setIsSharing] = useState(false);
  const [links, setLinks] = useState<ShareLink[]>([{ id: "l1", createdAt: samples.NOW - 86_400_000 }]);

  const actions = useMemo((): ChatRowActions => {
    const change = (id: string, to: Partial<ChatShellChat>) =>
      setChats((all) => all.map((chat) => (chat.id === id ? { ...chat, ...to } : chat)));
    return {
      async onRename(id, title) {
        if (title === "fail") throw new Error("The title could not be saved. Try again.");
        change(id, { title });
      },
      onPin: (id, isPinned) => change(id, { isPinned }),
      onArchive: (id) => setChats((all) => all.filter((chat) => chat.id !== id)),
      onDelete(id) {
        setChats((all) => all.filter((chat) => chat.id !== id));
        setToast({
          id: Date.now(),
          text: "Chat deleted",
          action: { label: "Undo", onAction: () => setChats(first) },
        });
      },
      onCopy: () => {},
      onShare: () => setIsSharing(true),
      onUsage: () => {},
      exportHref: (id, format) => `#${id}-${format}`,
    };
  }, []);

  return (
    <div className="relative h-full">
      <ChatShell
        isEmbedded
        className="h-full"
        title="Sidebar"
        chats={view === "active" ? chats : archived}
        currentId="1"
        now={samples.NOW}
        user={{ name: "Ada", note: "ada@example.com", href: "#settings" }}
        actions={actions}
        onSearch={search}
        view={view}
        onViewChange={setView}
        isCollapsed={isCollapsed}
        onCollapsedChange={setIsCollapsed}
        headerEnd={
          <Button size="sm" onClick={() => setIsSharing(true)}>
            Share
          </Button>
        }
      />
      <Toast className="absolute" toast={toast} onDismiss={() => setToast(null)} />
      <ShareDialog
        isOpen={isSharing}
        onOpenChange={setIsSharing}
        links={links}
        onCreate={async () => {
          setLinks((all) => [{ id: `l${all.length + 1}`, createdAt: samples.NOW }, ...all]);
          return "https://chat.example/share/2b8fJx0WQm6lq1n9s3tYkA";
        }}
        onRevoke={async (id) => setLinks((all) => all.filter((link) => link.id !== id))}
      />
    </div>
  );
}
