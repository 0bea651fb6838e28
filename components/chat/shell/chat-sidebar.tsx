"use client";

import { type ReactNode, useEffect, useEffectEvent, useRef, useSyncExternalStore } from "react";
import { Archive, ArrowLeft, Inbox, PanelLeftClose, PanelLeftOpen, Search, SquarePen } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Frond } from "@/components/ui/frond";
import { Skeleton } from "@/components/ui/skeleton";
import { ThemeToggle } from "@/components/ui/theme-toggle";
import { cn } from "@/lib/utils";
import { ChatRow, ROW } from "./chat-row";
import type { ChatRowActions, ChatShellChat, ChatShellLink } from "./types";
import { ChatSearch, type ChatSearchProps } from "./chat-search";
import { groupByDate } from "./group-by-date";
import { useFocusRestore } from "../shared/use-focus-restore";
import { useDay } from "../shared/use-day";

export type ChatSidebarProps = {
  /** Undefined while loading: shows skeletons in the shape of rows. */
  chats?: ChatShellChat[];
  currentId?: string;
  newChatHref?: string;
  /** The link to the inbox, with the number of pending requests. */
  inbox?: { href: string; count: number };
  /** The signed-in person. A guest's chats belong to this browser. `href` leads to the settings. */
  user?: { name: string; note?: string; href?: string };
  /** `next/link`, or any component with the props of `<a>`. */
  LinkComponent?: ChatShellLink;
  /** The current time for grouping by day; pass the server's to both renders. */
  now?: number;
  /** Below the account row: development links, for example. */
  footer?: ReactNode;
  /** The actions of each row's menu. Keep it stable, or every row renders again. */
  actions?: ChatRowActions;
  /** Resolves with the results. Without it there is no search box. */
  onSearch?: ChatSearchProps["onSearch"];
  /** Which chats are listed. Without `onViewChange` the view can't be changed. */
  view?: "active" | "archived";
  onViewChange?: (view: "active" | "archived") => void;
  /** Called when the end of the list comes into view. Absent when everything is loaded. */
  onLoadMore?: () => void;
};

type SidebarProps = ChatSidebarProps & {
  /** Called after a link was followed, to close the drawer. */
  onNavigate?: () => void;
  /** The button that collapses the sidebar. */
  onCollapse?: () => void;
  /** Takes the focus when the sidebar appears. */
  focus?: "toggle" | "search" | null;
};

const nobody = { name: "Guest" };
const noActions: ChatRowActions = {};

export function ChatSidebar({
  chats,
  currentId,
  newChatHref = "/",
  inbox,
  user = nobody,
  LinkComponent: Link = PlainLink,
  now,
  footer,
  actions = noActions,
  onSearch,
  view = "active",
  onViewChange,
  onLoadMore,
  onNavigate,
  onCollapse,
  focus = null,
}: SidebarProps) {
  const search = useRef<HTMLInputElement>(null);
  const toggle = useRef<HTMLButtonElement>(null);
  // Deleting or archiving a chat removes its row, and the focused button.
  const nav = useRef<HTMLElement>(null);
  const focusRestore = useFocusRestore(nav);
  useEffect(() => {
    if (focus === "search") search.current?.focus();
    if (focus === "toggle") toggle.current?.focus();
  }, [focus]);

  const list = (
    <ChatList
      chats={chats}
      currentId={currentId}
      LinkComponent={Link}
      now={now}
      actions={actions}
      view={view}
      onViewChange={onViewChange}
      onLoadMore={onLoadMore}
      onNavigate={onNavigate}
    />
  );
  return (
    <>
      <div className="flex h-[52px] shrink-0 items-center gap-2 pr-3 pl-5 font-semibold tracking-[-0.01em]">
        <Frond />
        Holdfast
        {onCollapse && (
          <Button
            ref={toggle}
            variant="ghost"
            size="icon"
            aria-label="Collapse sidebar"
            title="Collapse sidebar"
            className="ml-auto"
            onClick={onCollapse}
          >
            <PanelLeftClose aria-hidden />
          </Button>
        )}
      </div>
      <nav
        ref={nav}
        aria-label="Chats"
        tabIndex={-1}
        className="flex min-h-0 flex-1 flex-col overflow-y-auto overscroll-contain px-3 pb-3 outline-none"
        {...focusRestore}
      >
        <Link
          href={newChatHref}
          className={cn(ROW, "shrink-0")}
          aria-current={currentId ? undefined : "page"}
          onClick={onNavigate}
        >
          <SquarePen aria-hidden />
          New chat
        </Link>
        {inbox && (
          <Link
            href={inbox.href}
            className={cn(ROW, "shrink-0")}
            aria-current={currentId === inbox.href ? "page" : undefined}
            onClick={onNavigate}
          >
            <Inbox aria-hidden />
            Inbox
            {inbox.count > 0 && (
              <span className="ml-auto min-w-[18px] rounded-full border border-amber-line bg-amber-soft px-1.5 text-center text-2xs font-medium text-amber-ink tabular-nums">
                {inbox.count}
                <span className="sr-only"> waiting for you</span>
              </span>
            )}
          </Link>
        )}
        {onSearch ? (
          <ChatSearch onSearch={onSearch} LinkComponent={Link} onNavigate={onNavigate} inputRef={search}>
            {list}
          </ChatSearch>
        ) : (
          list
        )}
      </nav>
      <AccountRow user={user} LinkComponent={Link} onNavigate={onNavigate} />
      {footer && <div className="mx-5 pb-3 text-xs text-ink-3">{footer}</div>}
    </>
  );
}

type ChatListProps = Pick<
  SidebarProps,
  "chats" | "currentId" | "now" | "view" | "onViewChange" | "onLoadMore" | "onNavigate"
> & { LinkComponent: ChatShellLink; actions: ChatRowActions };

function ChatList({
  chats,
  currentId,
  LinkComponent,
  now,
  actions,
  view,
  onViewChange,
  onLoadMore,
  onNavigate,
}: ChatListProps) {
  const today = useDay(now);
  // The server doesn't know the reader's time zone: the first render uses UTC, the next one the browser's zone.
  const offset = useSyncExternalStore(
    noSubscription,
    () => new Date().getTimezoneOffset(),
    () => 0,
  );
  const isArchive = view === "archived";
  const all = chats ?? [];
  const pinned = isArchive ? [] : all.filter((chat) => chat.isPinned);
  const groups = [
    ...(pinned.length > 0 ? [{ label: "Pinned", items: pinned }] : []),
    ...groupByDate(isArchive ? all : all.filter((chat) => !chat.isPinned), today, offset),
  ];
  return (
    <>
      {isArchive && onViewChange && (
        <button type="button" className={cn(ROW, "mt-1")} onClick={() => onViewChange("active")}>
          <ArrowLeft aria-hidden />
          Back to chats
        </button>
      )}
      {chats === undefined && <SidebarSkeleton />}
      {isArchive && chats?.length === 0 && (
        <p className="px-2 pt-3 text-sm text-ink-2">Nothing is archived. Archive a chat from its ⋯ menu.</p>
      )}
      {groups.map((group) => (
        <section key={group.label} aria-label={group.label} data-slot="chat-group">
          <h2 className="px-2 pt-4 pb-1 text-xs text-ink-3">{group.label}</h2>
          <ul>
            {group.items.map((chat) => (
              <li key={chat.id} className="[contain-intrinsic-size:auto_36px] [content-visibility:auto]">
                <ChatRow
                  chat={chat}
                  isCurrent={chat.id === currentId}
                  LinkComponent={LinkComponent}
                  onNavigate={onNavigate}
                  {...actions}
                />
              </li>
            ))}
          </ul>
        </section>
      ))}
      {onLoadMore && <LoadMore key={all.length} onLoadMore={onLoadMore} />}
      {!isArchive && onViewChange && chats !== undefined && (
        <button type="button" className={cn(ROW, "mt-4 text-ink-3")} onClick={() => onViewChange("archived")}>
          <Archive aria-hidden />
          Archived
        </button>
      )}
    </>
  );
}

/** Loads the next page once when it is scrolled into view, or at a press. */
function LoadMore({ onLoadMore }: { onLoadMore: () => void }) {
  const end = useRef<HTMLButtonElement>(null);
  const loadMore = useEffectEvent(onLoadMore);
  useEffect(() => {
    if (!end.current) return;
    const observer = new IntersectionObserver(([entry]) => {
      if (!entry?.isIntersecting) return;
      observer.disconnect();
      loadMore();
    });
    observer.observe(end.current);
    return () => observer.disconnect();
  }, []);
  return (
    <button ref={end} type="button" className={cn(ROW, "text-ink-3")} onClick={onLoadMore}>
      Show older chats
    </button>
  );
}

type AccountRowProps = Required<Pick<ChatSidebarProps, "user" | "LinkComponent">> &
  Pick<SidebarProps, "onNavigate">;

function AccountRow({ user, LinkComponent: Link, onNavigate }: AccountRowProps) {
  const face = (
    <>
      <Initial name={user.name} />
      <span className="min-w-0 flex-1">
        <span className="block truncate">{user.name}</span>
        {user.note && <span className="block truncate text-xs text-ink-3">{user.note}</span>}
      </span>
    </>
  );
  const row = "flex min-w-0 flex-1 items-center gap-2.5";
  return (
    <div className="mx-3 flex shrink-0 items-center gap-2.5 border-t py-2 pb-[max(8px,env(safe-area-inset-bottom))] pl-2 text-sm text-ink-2">
      {user.href ? (
        <Link
          href={user.href}
          title="Settings and account"
          className={cn(row, "-ml-2 min-h-9 rounded-sm px-2 hover:bg-raised pointer-coarse:min-h-11")}
          onClick={onNavigate}
        >
          {face}
          <span className="sr-only">Settings and account</span>
        </Link>
      ) : (
        <span className={row}>{face}</span>
      )}
      <ThemeToggle />
    </div>
  );
}

function Initial({ name }: { name: string }) {
  return (
    <span
      aria-hidden
      className="grid size-[22px] shrink-0 place-items-center rounded-full border bg-raised text-2xs"
    >
      {Array.from(name)[0]?.toUpperCase()}
    </span>
  );
}

export type ChatRailProps = Pick<
  ChatSidebarProps,
  "newChatHref" | "inbox" | "user" | "LinkComponent" | "onSearch"
> & {
  focus: SidebarProps["focus"];
  /** Takes the focus when the rail appears. */
  onExpand: (focus: "toggle" | "search") => void;
};

/** The collapsed sidebar. */
export function ChatRail({
  newChatHref = "/",
  inbox,
  user = nobody,
  LinkComponent: Link = PlainLink,
  onSearch,
  focus,
  onExpand,
}: ChatRailProps) {
  const toggle = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (focus === "toggle") toggle.current?.focus();
  }, [focus]);
  const square =
    "grid size-9 place-items-center rounded-sm text-ink-2 hover:bg-raised hover:text-ink pointer-coarse:size-11 [&_svg]:size-4";
  return (
    <nav aria-label="Chats" data-slot="chat-rail" className="flex h-full flex-col items-center gap-1 py-2">
      <Button
        ref={toggle}
        variant="ghost"
        size="icon"
        aria-label="Expand sidebar"
        title="Expand sidebar"
        onClick={() => onExpand("toggle")}
      >
        <PanelLeftOpen aria-hidden />
      </Button>
      <Link href={newChatHref} className={square} aria-label="New chat" title="New chat">
        <SquarePen aria-hidden />
      </Link>
      {inbox && (
        <Link
          href={inbox.href}
          className={cn(square, "relative")}
          aria-label={inbox.count > 0 ? `Inbox, ${inbox.count} waiting for you` : "Inbox"}
          title="Inbox"
        >
          <Inbox aria-hidden />
          {inbox.count > 0 && (
            <span aria-hidden className="absolute top-1.5 right-1.5 size-2 rounded-full bg-amber" />
          )}
        </Link>
      )}
      {onSearch && (
        <button
          type="button"
          className={square}
          aria-label="Search chats"
          title="Search chats"
          onClick={() => onExpand("search")}
        >
          <Search aria-hidden />
        </button>
      )}
      <ThemeToggle className="mt-auto" />
      {user.href && (
        <Link href={user.href} className={square} aria-label="Settings and account" title={user.name}>
          <Initial name={user.name} />
        </Link>
      )}
    </nav>
  );
}

function SidebarSkeleton() {
  return (
    <div className="flex flex-col gap-5 px-2 pt-7">
      <output className="sr-only">Loading your chats</output>
      {["w-3/4", "w-11/12", "w-3/5", "w-4/5"].map((width) => (
        <Skeleton key={width} className={cn("h-3.5", width)} />
      ))}
    </div>
  );
}

function PlainLink({ children, ...props }: React.ComponentProps<"a"> & { href: string }) {
  return <a {...props}>{children}</a>;
}

function noSubscription() {
  return () => {};
}
