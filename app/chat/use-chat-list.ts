"use client";

import { useRouter } from "next/navigation";
import { useCallback, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import type { ChatRowActions } from "@/components/chat/chat-row";
import type { ToastMessage } from "@/components/ui/toast";
import type { ChatListPage, ListedChat } from "@/lib/chat/chat-list";
import * as server from "./chat-actions";
import { describeError } from "./expected-error";

type View = "active" | "archived";
type ExportHref = NonNullable<ChatRowActions["exportHref"]>;
type Pages = Partial<Record<View, ChatListPage>>;

const PAGE = 40;
const POLL_MS = 3000;
/** For so long after its last answer a chat may still get its title. */
const POLLS_FOR_A_TITLE = 10;

/**
 * The list of chats in the browser. What a person does shows at once and is then confirmed by the server. What happens
 * elsewhere (an answer in another chat, a title) is asked for while something is due, and when the page is looked at.
 */
export function useChatList(initial: ChatListPage, currentId: string | undefined) {
  const router = useRouter();
  const [view, setView] = useState<View>("active");
  const [loaded, setLoaded] = useState<{ since: ChatListPage; pages: Pages }>();
  const [toast, setToast] = useState<ToastMessage | null>(null);
  const [pollsForTitle, setPollsForTitle] = useState(0);
  const pages: Pages = loaded?.since === initial ? loaded.pages : { active: initial };
  const page = pages[view];

  /** What callbacks read that must not change with every render. */
  const now = useRef({ view, pages, currentId });
  useEffect(() => {
    now.current = { view, pages, currentId };
  });

  const setPage = useCallback(
    (which: View, change: (page: ChatListPage | undefined) => ChatListPage | undefined) => {
      setLoaded((old) => {
        const known: Pages = old?.since === initial ? old.pages : { active: initial };
        const next = change(known[which]);
        return { since: initial, pages: next ? { ...known, [which]: next } : known };
      });
    },
    [initial],
  );

  // An answer that was asked for before the newest change would take that change back for a moment.
  const version = useRef(0);
  const load = useCallback(
    (which: View) => {
      const asked = (version.current += 1);
      const limit = Math.max(PAGE, now.current.pages[which]?.chats.length ?? 0);
      server.listChats({ view: which, limit }).then(
        (fresh) => asked === version.current && setPage(which, () => fresh),
        // The list is a convenience: when it cannot be fetched the old one stays, and the next occasion tries again.
        () => {},
      );
    },
    [setPage],
  );
  const refresh = useCallback(() => {
    setPollsForTitle(POLLS_FOR_A_TITLE);
    load(now.current.view);
  }, [load]);

  // The open chat may be archived, or older than what is loaded.
  const listed = page?.chats.find((chat) => chat.id === currentId);
  const [elsewhere, setElsewhere] = useState<ListedChat | null>(null);
  const isElsewhere = currentId !== undefined && listed === undefined;
  useEffect(() => {
    if (!isElsewhere) return;
    let isGone = false;
    server.findListedChat(currentId).then(
      (chat) => !isGone && setElsewhere(chat),
      () => {},
    );
    return () => {
      isGone = true;
    };
  }, [isElsewhere, currentId]);
  const current = listed ?? (elsewhere?.id === currentId ? elsewhere : undefined);
  const isAnswering = page?.chats.some((chat) => chat.status === "running") ?? false;
  const isDue = isAnswering || (current?.titledBy === null && pollsForTitle > 0);
  useEffect(() => {
    if (!isDue) return;
    const timer = setInterval(() => {
      if (document.visibilityState === "hidden") return;
      setPollsForTitle((left) => Math.max(0, left - 1));
      load(now.current.view);
    }, POLL_MS);
    return () => clearInterval(timer);
  }, [isDue, load]);
  useEffect(() => {
    const onVisible = () => document.visibilityState === "visible" && load(now.current.view);
    document.addEventListener("visibilitychange", onVisible);
    return () => document.removeEventListener("visibilitychange", onVisible);
  }, [load]);

  // Seen is what stands open in front of somebody; an answer is saved a moment after it was read, so also on leaving.
  const isUnread = current?.isUnread ?? false;
  const markRead = useEffectEvent((chatId: string) => {
    const asRead = (chat: ListedChat) => (chat.id === chatId ? { ...chat, isUnread: false } : chat);
    server.markChatRead(chatId).then(
      () => {
        // Noted here, too, or the next answer in this chat would be no change, and never be marked.
        setPage(now.current.view, (old) => old && { ...old, chats: old.chats.map(asRead) });
        setElsewhere((chat) => chat && asRead(chat));
      },
      // A mark that cannot be set now is set the next time the chat is open.
      () => {},
    );
  });
  useEffect(() => {
    if (currentId && isUnread && document.visibilityState === "visible") markRead(currentId);
  }, [currentId, isUnread]);
  useEffect(() => {
    if (!currentId) return;
    return () => {
      const isListed = now.current.pages.active?.chats.some((chat) => chat.id === currentId);
      if (isListed) markRead(currentId);
    };
  }, [currentId]);

  const actions = useMemo((): ChatRowActions & { exportHref: ExportHref } => {
    const change = (id: string, to: (chat: ListedChat) => ListedChat | null) => {
      version.current += 1;
      setPage(
        now.current.view,
        (old) =>
          old && { ...old, chats: old.chats.flatMap((chat) => (chat.id === id ? (to(chat) ?? []) : chat)) },
      );
    };
    const tell = (text: string, action?: ToastMessage["action"]) =>
      setToast({ id: Date.now(), text, ...(action && { action }) });
    const confirm = (work: Promise<unknown>) =>
      work.then(
        () => load(now.current.view),
        (error: unknown) => {
          tell(describeError(error));
          load(now.current.view);
        },
      );
    return {
      async onRename(id, title) {
        try {
          const stored = await server.renameChat(id, title);
          change(id, (chat) => ({ ...chat, title: stored, titledBy: "person" }));
          setElsewhere((chat) => (chat?.id === id ? { ...chat, title: stored } : chat));
        } catch (error) {
          throw new Error(describeError(error), { cause: error });
        }
      },
      onPin(id, isPinned) {
        change(id, (chat) => ({ ...chat, isPinned }));
        void confirm(server.setChatPinned(id, isPinned));
      },
      onArchive(id, isArchived) {
        change(id, () => null);
        void confirm(server.setChatArchived(id, isArchived));
        tell(isArchived ? "Chat archived" : "Chat is back in the list", {
          label: "Undo",
          onAction: () => void confirm(server.setChatArchived(id, !isArchived)),
        });
      },
      onDelete(id) {
        const wasOpen = now.current.currentId === id;
        change(id, () => null);
        if (wasOpen) router.push("/");
        void confirm(server.deleteChat(id));
        tell("Chat deleted", {
          label: "Undo",
          onAction: () =>
            void confirm(server.restoreChat(id)).then(() => wasOpen && router.push(`/chat/${id}`)),
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
  }, [load, router, setPage]);

  const cursor = page?.nextCursor;
  return {
    chats: page?.chats,
    current,
    view,
    setView: (next: View) => {
      setView(next);
      load(next);
    },
    refresh,
    actions,
    loadMore: cursor
      ? () => {
          const asked = version.current;
          server.listChats({ view, after: cursor }).then(
            (more) =>
              asked === version.current &&
              setPage(view, (old) => old && { ...more, chats: [...old.chats, ...more.chats] }),
            () => {},
          );
        }
      : undefined,
    toast,
    dismissToast: () => setToast(null),
  };
}
