"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useCallback, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import type { ChatRowActions } from "@/components/chat/shell/types";
import type { ToastMessage } from "@/components/ui/toast";
import { forgetChat } from "@/components/chat/shared/browser-storage";
import { KnownError } from "@/components/chat/shared/known-error";
import type { ChatListPage, ListedChat } from "@/lib/chat/chats/list";
import * as server from "../actions/chats";
import { describeError } from "../actions/expected-error";
import { pollEvery } from "./read-client";
import { readChats, readListedChat } from "./fetchers";

type View = "active" | "archived";
type ExportHref = NonNullable<ChatRowActions["exportHref"]>;

const PAGE = 40;
const POLL_MS = 3_000;
/** How long after its last answer a chat may still get its title. */
const TITLE_WITHIN_MS = 30_000;

const listOf = (view: View) => ["chats", view];
const oneOf = (id: string | undefined) => ["chat", id];

/**
 * The list of chats in the browser. A person's change shows at once and is then confirmed by the server. Changes from
 * elsewhere (an answer in another chat, a title) are polled while one is expected, and read when the person returns to
 * the page.
 */
export function useChatList(initial: ChatListPage, currentId: string | undefined) {
  const router = useRouter();
  const client = useQueryClient();
  const [view, setView] = useState<View>("active");
  const [toast, setToast] = useState<ToastMessage | null>(null);
  const titleUntil = useRef(0);
  const [seenInitial, setSeenInitial] = useState(initial);

  /** Values that callbacks read without depending on them. */
  const now = useRef({ view, currentId });
  useEffect(() => {
    now.current = { view, currentId };
  });

  const listQuery = useCallback(
    (which: View) => ({
      queryKey: listOf(which),
      queryFn: ({ signal }: { signal: AbortSignal }) => {
        const shown = client.getQueryData<ChatListPage>(listOf(which))?.chats.length ?? 0;
        return readChats({ view: which, limit: Math.max(PAGE, shown) }, signal);
      },
    }),
    [client],
  );
  const { data: page } = useQuery({
    ...listQuery(view),
    initialData: view === "active" ? initial : undefined,
    refetchInterval: (query) => {
      const chats = query.state.data?.chats ?? [];
      const isAnswering = chats.some(({ status }) => status === "running");
      const isUntitled = chats.some(({ id, titledBy }) => id === now.current.currentId && titledBy === null);
      const isDue = isAnswering || (isUntitled && Date.now() < titleUntil.current);
      return isDue && pollEvery(POLL_MS)(query);
    },
  });
  // The server rendered the list again.
  if (seenInitial !== initial) setSeenInitial(initial);
  useEffect(() => {
    client.setQueryData(listOf("active"), seenInitial);
  }, [client, seenInitial]);

  // A response requested before the newest change would briefly revert it.
  const load = useCallback(
    async (which: View) => {
      await client.cancelQueries({ queryKey: listOf(which) });
      // If the list can't be read, the old one stays until the next try.
      await client.fetchQuery({ ...listQuery(which), staleTime: 0 }).catch(() => {});
    },
    [client, listQuery],
  );
  const setPage = useCallback(
    (change: (page: ChatListPage) => ChatListPage) => {
      const queryKey = listOf(now.current.view);
      void client.cancelQueries({ queryKey });
      client.setQueryData<ChatListPage>(queryKey, (old) => old && change(old));
    },
    [client],
  );
  /** Reads the stored list. A running read may have started before the newest change, so it is restarted. */
  const changeStored = useCallback(
    (change: (page: ChatListPage) => ChatListPage) => {
      const isBeingRead = client.isFetching({ queryKey: listOf(now.current.view) }) > 0;
      setPage(change);
      if (isBeingRead) void load(now.current.view);
    },
    [client, load, setPage],
  );
  const refresh = useCallback(() => {
    titleUntil.current = Date.now() + TITLE_WITHIN_MS;
    void load(now.current.view);
  }, [load]);

  // The open chat may be archived, or older than the loaded pages.
  const listed = page?.chats.find((chat) => chat.id === currentId);
  const { data: elsewhere } = useQuery({
    queryKey: oneOf(currentId),
    queryFn: ({ signal }) => readListedChat(currentId!, signal),
    enabled: currentId !== undefined && listed === undefined,
    refetchOnMount: "always",
  });
  const current = listed ?? elsewhere ?? undefined;

  // Marks the chat as read while it is visible, and on leaving, because an answer is saved a moment after it was shown.
  const isUnread = current?.isUnread ?? false;
  const markRead = useEffectEvent((chatId: string) => {
    const asRead = (chat: ListedChat) => ({ ...chat, isUnread: false });
    server.markChatRead(chatId).then(
      () => {
        // Updates the local copy, too; otherwise the next answer in this chat would look unchanged and never be marked.
        changeStored(withChat(chatId, asRead));
        client.setQueryData<ListedChat | null>(oneOf(chatId), (chat) => chat && asRead(chat));
      },
      // If marking fails, the next visit to the chat tries again.
      () => {},
    );
  });
  useEffect(() => {
    if (currentId && isUnread && document.visibilityState === "visible") markRead(currentId);
  }, [currentId, isUnread]);
  useEffect(() => {
    if (!currentId) return;
    return () => {
      const active = client.getQueryData<ChatListPage>(listOf("active"));
      if (active?.chats.some((chat) => chat.id === currentId)) markRead(currentId);
    };
  }, [client, currentId]);

  const actions = useMemo((): ChatRowActions & { exportHref: ExportHref } => {
    /** Shows a change at once, then asks the server to confirm it. */
    const change = (id: string, to: (chat: ListedChat) => ListedChat | null) => setPage(withChat(id, to));
    const showToast = (text: string, action?: ToastMessage["action"]) =>
      setToast({ id: Date.now(), text, ...(action && { action }) });
    const confirm = (work: Promise<unknown>) =>
      work
        .catch((error: unknown) => showToast(describeError(error)))
        // Later steps needn't wait for the list.
        .then(() => void load(now.current.view));
    return {
      async onRename(id, title) {
        try {
          const stored = await server.renameChat(id, title);
          changeStored(withChat(id, (chat) => ({ ...chat, title: stored, titledBy: "person" })));
          client.setQueryData<ListedChat | null>(oneOf(id), (chat) => chat && { ...chat, title: stored });
        } catch (error) {
          throw new KnownError(describeError(error), { cause: error });
        }
      },
      onPin(id, isPinned) {
        change(id, (chat) => ({ ...chat, isPinned }));
        void confirm(server.setChatPinned(id, isPinned));
      },
      onArchive(id, isArchived) {
        change(id, () => null);
        void confirm(server.setChatArchived(id, isArchived));
        showToast(isArchived ? "Chat archived" : "Chat restored", {
          label: "Undo",
          onAction: () => void confirm(server.setChatArchived(id, !isArchived)),
        });
      },
      onDelete(id) {
        const wasOpen = now.current.currentId === id;
        change(id, () => null);
        if (wasOpen) router.push("/");
        const remember = forgetChat(id);
        void confirm(server.deleteChat(id));
        showToast("Chat deleted", {
          label: "Undo",
          onAction: () =>
            void confirm(server.restoreChat(id).then(remember)).then(
              () => wasOpen && router.push(`/chat/${id}`),
            ),
        });
      },
      onCopy(id, what) {
        void confirm(
          server
            .copyChat(id, what === "branch" ? {} : undefined)
            .then((copy) => router.push(`/chat/${copy}`)),
        );
      },
      exportHref: (id, format) => `/chat/${id}/export?format=${format}`,
    };
  }, [client, load, changeStored, router, setPage]);

  const cursor = page?.nextCursor;
  return {
    chats: page?.chats,
    current,
    view,
    setView: (next: View) => {
      setView(next);
      void load(next);
    },
    refresh,
    actions,
    loadMore: cursor
      ? () => {
          const known = page;
          readChats({ view, after: cursor }).then(
            (more) =>
              client.setQueryData<ChatListPage>(listOf(view), (old) =>
                // Later changes are read from their own cursor.
                old === known ? { ...more, chats: [...known.chats, ...more.chats] } : old,
              ),
            () => {},
          );
        }
      : undefined,
    toast,
    dismissToast: () => setToast(null),
  };
}

/** The list with one chat changed or removed. */
function withChat(id: string, to: (chat: ListedChat) => ListedChat | null) {
  return (page: ChatListPage): ChatListPage => ({
    ...page,
    chats: page.chats.flatMap((chat) => (chat.id === id ? (to(chat) ?? []) : chat)),
  });
}
