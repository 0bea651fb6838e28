"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { createContext, type ReactNode, use, useCallback, useMemo, useState } from "react";
import { ChatShell } from "@/components/chat/chat-shell";
import { listChats } from "./actions";

type ListedChat = Awaited<ReturnType<typeof listChats>>[number];

const RefreshChats = createContext<() => void>(() => {});

/** Call it when a chat was made or renamed: the list beside the conversation asks the server again. */
export function useRefreshChats(): () => void {
  return use(RefreshChats);
}

export type ChatFrameProps = {
  chats: ListedChat[];
  userName: string;
  isGuest: boolean;
  /** The server's clock, so that both renders sort the list into the same days. */
  now: number;
  children: ReactNode;
};

/** The list of chats around whichever conversation is open. */
export function ChatFrame({ chats: initialChats, userName, isGuest, now, children }: ChatFrameProps) {
  const [refreshed, setRefreshed] = useState<{ since: ListedChat[]; chats: ListedChat[] }>();
  const chats = refreshed?.since === initialChats ? refreshed.chats : initialChats;
  const refresh = useCallback(() => {
    // The list is a convenience: when it cannot be fetched the old one stays, and the next turn tries again.
    listChats().then(
      (fresh) => setRefreshed({ since: initialChats, chats: fresh }),
      () => {},
    );
  }, [initialChats]);

  const pathname = usePathname();
  const currentId = pathname.startsWith("/chat/") ? pathname.slice("/chat/".length) : undefined;
  const rows = useMemo(
    () =>
      chats.map(({ id, title, updatedAt }) => ({
        id,
        title: title ?? "New chat",
        href: `/chat/${id}`,
        updatedAt,
      })),
    [chats],
  );
  return (
    <RefreshChats value={refresh}>
      <ChatShell
        chats={rows}
        currentId={currentId}
        title={rows.find((row) => row.id === currentId)?.title ?? "New chat"}
        user={{ name: userName, ...(isGuest && { note: "Chats stay in this browser" }) }}
        LinkComponent={Link}
        footer={
          process.env.NODE_ENV === "development" && <Link href="/inspect">Inspect sessions and runs</Link>
        }
        now={now}
      >
        {children}
      </ChatShell>
    </RefreshChats>
  );
}
