"use client";

import dynamic from "next/dynamic";
import Link from "next/link";
import { usePathname, useRouter } from "next/navigation";
import { createContext, type ReactNode, use, useCallback, useMemo, useState } from "react";
import { Link2 } from "lucide-react";
import type { ChatShellChat } from "@/components/chat/shell/types";
import { ChatShell } from "@/components/chat/shell/chat-shell";
import type { HumanRequestView } from "@/components/chat/requests/request";
import { usePageTitle } from "@/components/chat/shell/use-page-title";
import { useWaitingBadge } from "@/components/chat/requests/use-waiting-badge";
import { useTellOfRequests } from "@/components/chat/requests/use-waiting-notice";
import { untilLoaded } from "@/components/chat/shared/until-loaded";
import { Button } from "@/components/ui/button";
import { Toast } from "@/components/ui/toast";
import { requestPath } from "@/lib/chat/requests/pending-calls";
import type { ChatListPage } from "@/lib/chat/chats/list";
import { chatPageTitle, UNTITLED_CHAT } from "@/app/page-titles";
import { CommandsProvider } from "./commands-provider";
import { DecisionsButton } from "./requests/decisions-button";
import { searchChats } from "./reads/fetchers";
import { useRequests } from "./requests/provider";
import { useChatList } from "./reads/use-chat-list";

const ShareChat = dynamic(
  () => untilLoaded(() => import("./share-chat")).then(({ ShareChat }) => ShareChat),
  { ssr: false },
);

const ChatUsageDialog = dynamic(
  () => untilLoaded(() => import("./chat-usage")).then(({ ChatUsageDialog }) => ChatUsageDialog),
  {
    ssr: false,
  },
);

const RefreshChats = createContext<() => void>(() => {});

/** Refreshes the list of chats after a chat was created or renamed. */
export function useRefreshChats(): () => void {
  return use(RefreshChats);
}

export type ChatFrameProps = {
  firstPage: ChatListPage;
  userName: string;
  isGuest: boolean;
  isCollapsed: boolean;
  /** The server's clock, so that both renders group the list into the same days. */
  now: number;
  children: ReactNode;
};

const noChats: ChatShellChat[] = [];

const TITLES: Record<string, string> = { "/settings": "Settings", "/inbox": "Inbox" };

/** The list of chats around the open conversation. */
export function ChatFrame({
  firstPage,
  userName,
  isGuest,
  isCollapsed: wasCollapsed,
  now,
  children,
}: ChatFrameProps) {
  const pathname = usePathname();
  const currentId = pathname.startsWith("/chat/") ? pathname.slice("/chat/".length) : undefined;
  const list = useChatList(firstPage, currentId);
  const [isCollapsed, setIsCollapsed] = useState(wasCollapsed);
  const [sharedId, setSharedId] = useState<string | null>(null);
  const [usageId, setUsageId] = useState<string | null>(null);

  const router = useRouter();
  const { waiting } = useRequests();
  // A chat that began at `/` had no navigation, and any chat can be renamed while it is open.
  usePageTitle(list.current ? chatPageTitle(list.current.title) : undefined);
  useWaitingBadge(waiting.length);
  useTellOfRequests(
    waiting,
    useCallback((request: HumanRequestView) => router.push(requestPath(request)), [router]),
  );

  const { chats } = list;
  const waitingChats = useMemo(() => new Set(waiting.map(({ chatId }) => chatId)), [waiting]);
  const rows = useMemo(
    () =>
      chats?.map(({ id, title, status, ...chat }) => ({
        ...chat,
        id,
        title: title ?? UNTITLED_CHAT,
        href: `/chat/${id}`,
        isRunning: status === "running",
        // An open chat isn't unread.
        isUnread: chat.isUnread && id !== currentId,
        isWaiting: waitingChats.has(id),
      })),
    [chats, currentId, waitingChats],
  );
  const actions = useMemo(
    () => ({ ...list.actions, onShare: setSharedId, onUsage: setUsageId }),
    [list.actions],
  );
  return (
    <RefreshChats value={list.refresh}>
      <CommandsProvider
        chats={rows ?? noChats}
        currentId={list.current?.id}
        waitingCount={waiting.length}
        onShare={setSharedId}
        exportHref={list.actions.exportHref}
        onSearch={search}
      >
        <ChatShell
          chats={rows}
          currentId={currentId ?? (pathname === "/" ? undefined : pathname)}
          title={TITLES[pathname] ?? list.current?.title ?? UNTITLED_CHAT}
          inbox={{ href: "/inbox", count: waiting.length }}
          user={{ name: userName, href: "/settings", ...(isGuest && { note: "Saved in this browser" }) }}
          LinkComponent={Link}
          actions={actions}
          onSearch={search}
          view={list.view}
          onViewChange={list.setView}
          onLoadMore={list.loadMore}
          isCollapsed={isCollapsed}
          onCollapsedChange={(next) => {
            setIsCollapsed(next);
            remember(next);
          }}
          headerEnd={
            list.current && (
              <>
                <DecisionsButton chatId={list.current.id} />
                <Button variant="ghost" size="sm" onClick={() => setSharedId(list.current!.id)}>
                  <Link2 aria-hidden />
                  Share
                </Button>
              </>
            )
          }
          footer={
            process.env.NODE_ENV === "development" && <Link href="/inspect">Inspect sessions and runs</Link>
          }
          now={now}
        >
          {children}
        </ChatShell>
      </CommandsProvider>
      <Toast toast={list.toast} onDismiss={list.dismissToast} />
      {sharedId && <ShareChat key={sharedId} chatId={sharedId} onClose={() => setSharedId(null)} />}
      {usageId && <ChatUsageDialog key={usageId} chatId={usageId} onClose={() => setUsageId(null)} />}
    </RefreshChats>
  );
}

async function search(query: string) {
  const hits = await searchChats(query);
  return hits.map(({ chatId, messageId, title, excerpt }) => ({
    key: `${chatId} ${messageId ?? ""}`,
    href: `/chat/${chatId}${messageId ? `?message=${encodeURIComponent(messageId)}` : ""}`,
    title,
    ...(excerpt && { excerpt }),
  }));
}

/** A cookie, because the server renders the first frame. */
function remember(isCollapsed: boolean) {
  document.cookie = `holdfast-sidebar=${isCollapsed ? "collapsed" : "open"}; path=/; max-age=31536000; samesite=lax`;
}
