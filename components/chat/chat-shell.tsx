"use client";

import { type ComponentType, type ReactNode, useState, useSyncExternalStore } from "react";
import { Menu, SquarePen } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Frond } from "@/components/ui/frond";
import { Sheet, SheetContent, SheetTrigger } from "@/components/ui/sheet";
import { Skeleton } from "@/components/ui/skeleton";
import { ThemeToggle } from "@/components/ui/theme-toggle";
import { cn } from "@/lib/utils";
import { groupByDate } from "./group-by-date";

export type ChatShellChat = {
  id: string;
  title: string;
  href: string;
  updatedAt: string | number | Date;
  /** The agent said something since it was last opened. */
  unread?: boolean;
  /** Something in it waits for this person. */
  waiting?: boolean;
};

export type ChatShellLink = ComponentType<React.ComponentProps<"a"> & { href: string }>;

export type ChatShellSidebarProps = {
  /** Undefined while they load: skeletons in the shape of rows. */
  chats?: ChatShellChat[];
  currentId?: string;
  newChatHref?: string;
  /** Who is here. A guest's chats belong to this browser. */
  user?: { name: string; note?: string };
  /** `next/link`, or any component that takes the props of `<a>`. */
  LinkComponent?: ChatShellLink;
  /** The time by which days are counted; pass the server's to both renders. */
  now?: number;
  /** Below the account row: development links and the like. */
  footer?: ReactNode;
};

export type ChatShellProps = Omit<React.ComponentProps<"div">, "title"> &
  ChatShellSidebarProps & {
    title: string;
    /** Beside the title: chips. */
    headerStart?: ReactNode;
    /** At the right end of the header. */
    headerEnd?: ReactNode;
  };

export function ChatShell({
  chats,
  currentId,
  newChatHref = "/",
  user = { name: "Guest" },
  LinkComponent = PlainLink,
  now,
  footer,
  title,
  headerStart,
  headerEnd,
  className,
  children,
  ...props
}: ChatShellProps) {
  const [isDrawerOpen, setIsDrawerOpen] = useState(false);
  const sidebar = { chats, currentId, newChatHref, user, LinkComponent, now, footer };
  return (
    <div
      data-slot="chat-shell"
      className={cn("grid h-dvh grid-rows-[100%] bg-surface md:grid-cols-[272px_minmax(0,1fr)]", className)}
      {...props}
    >
      <a
        href="#conversation"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-sm focus:bg-surface focus:px-3 focus:py-2 focus:text-sm focus:shadow-card"
      >
        Skip to the conversation
      </a>
      <aside data-slot="chat-shell-sidebar" className="hidden min-h-0 flex-col border-r bg-bg md:flex">
        <ChatShellSidebar {...sidebar} />
      </aside>
      <main id="conversation" tabIndex={-1} className="relative flex min-h-0 min-w-0 flex-col outline-none">
        <header
          data-slot="chat-shell-header"
          className="flex h-[52px] shrink-0 items-center gap-2 border-b px-3 text-sm md:px-4"
        >
          <Sheet open={isDrawerOpen} onOpenChange={setIsDrawerOpen}>
            <SheetTrigger asChild>
              <Button variant="ghost" size="icon" aria-label="Chats" className="md:hidden">
                <Menu aria-hidden />
              </Button>
            </SheetTrigger>
            <SheetContent title="Chats">
              <ChatShellSidebar {...sidebar} onNavigate={() => setIsDrawerOpen(false)} />
            </SheetContent>
          </Sheet>
          <h1 className="min-w-0 truncate font-[550] tracking-[-0.005em]">{title}</h1>
          {headerStart}
          <div className="ml-auto flex shrink-0 items-center gap-1.5">{headerEnd}</div>
        </header>
        {children}
      </main>
    </div>
  );
}

/** The lower edge of the conversation: what is docked there fades over the list and keeps the reading column. */
export function ChatDock({ className, children, ...props }: React.ComponentProps<"div">) {
  return (
    <div
      data-slot="chat-dock"
      className={cn(
        "relative shrink-0 px-3 pt-1 pb-[max(14px,env(safe-area-inset-bottom))] before:pointer-events-none before:absolute before:inset-x-0 before:bottom-full before:h-5 before:bg-linear-to-t before:from-surface before:to-transparent sm:px-6 sm:pb-4",
        className,
      )}
      {...props}
    >
      <div className="mx-auto w-full max-w-[720px]">{children}</div>
    </div>
  );
}

/** A small fact about the chat, in the header. */
export function ChatChip({
  tone = "plain",
  className,
  ...props
}: React.ComponentProps<"span"> & { tone?: "plain" | "good" | "waiting" }) {
  return (
    <span
      data-slot="chat-chip"
      className={cn(
        "inline-flex h-[26px] items-center gap-1.5 rounded-full border px-2.5 text-xs whitespace-nowrap text-ink-2 [&_svg]:size-3.5",
        tone === "good" && "border-kelp-line bg-kelp-soft text-kelp",
        tone === "waiting" && "border-amber-line bg-amber-soft text-amber-ink",
        className,
      )}
      {...props}
    />
  );
}

const ROW =
  "flex h-9 w-full items-center gap-2.5 rounded-sm px-2 text-sm text-ink-2 hover:bg-raised aria-[current]:bg-raised aria-[current]:text-ink pointer-coarse:h-11 [&_svg]:size-4 [&_svg]:shrink-0";

function ChatShellSidebar({
  chats,
  currentId,
  newChatHref = "/",
  user,
  LinkComponent: Link = PlainLink,
  now,
  footer,
  onNavigate,
}: ChatShellSidebarProps & { onNavigate?: () => void }) {
  const [openedAt] = useState(() => Date.now());
  // The server does not know the reader's day: both first renders count in UTC, the browser then in its own zone.
  const offset = useSyncExternalStore(
    noSubscription,
    () => new Date().getTimezoneOffset(),
    () => 0,
  );
  return (
    <>
      <div className="flex h-[52px] shrink-0 items-center gap-2 px-5 font-semibold tracking-[-0.01em]">
        <Frond />
        Holdfast
      </div>
      <nav
        aria-label="Chats"
        className="flex min-h-0 flex-1 flex-col overflow-y-auto overscroll-contain px-3 pb-3"
      >
        <Link
          href={newChatHref}
          className={ROW}
          aria-current={currentId ? undefined : "page"}
          onClick={onNavigate}
        >
          <SquarePen aria-hidden />
          New chat
        </Link>
        {chats === undefined && <SidebarSkeleton />}
        {groupByDate(chats ?? [], now ?? openedAt, offset).map((group) => (
          <section key={group.label} aria-label={group.label} data-slot="chat-group">
            <h2 className="px-2 pt-4 pb-1 text-xs text-ink-3">{group.label}</h2>
            <ul>
              {group.items.map((chat) => (
                <li key={chat.id}>
                  <Link
                    href={chat.href}
                    className={cn(ROW, chat.unread && "font-medium text-ink")}
                    aria-current={chat.id === currentId ? "page" : undefined}
                    title={chat.title}
                    onClick={onNavigate}
                  >
                    <span className="min-w-0 flex-1 truncate" dir="auto">
                      {chat.title}
                    </span>
                    {chat.waiting ? (
                      <span className="shrink-0 rounded-full border border-amber-line bg-amber-soft px-1.5 text-2xs font-medium text-amber-ink">
                        waits<span className="sr-only"> for you</span>
                      </span>
                    ) : chat.unread ? (
                      <span className="size-[7px] shrink-0 rounded-full bg-kelp">
                        <span className="sr-only">New answer</span>
                      </span>
                    ) : null}
                  </Link>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </nav>
      <div className="mx-3 flex shrink-0 items-center gap-2.5 border-t py-2 pb-[max(8px,env(safe-area-inset-bottom))] pl-2 text-sm text-ink-2">
        <span
          aria-hidden
          className="grid size-[22px] shrink-0 place-items-center rounded-full border bg-raised text-2xs"
        >
          {Array.from(user?.name ?? "")[0]?.toUpperCase()}
        </span>
        <span className="min-w-0 flex-1">
          <span className="block truncate">{user?.name}</span>
          {user?.note && <span className="block truncate text-xs text-ink-3">{user.note}</span>}
        </span>
        <ThemeToggle />
      </div>
      {footer && <div className="mx-5 pb-3 text-xs text-ink-3">{footer}</div>}
    </>
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
